"""The proof: both platforms read afresh, what should be recomputed from rules and preferences, compared.

Trusts no stored observation and knows nothing of any sandbox's own records.
"""
