"""The Return and Refund API: cancellations, returns, refunds, replacements."""
