"""The Orders API: orders V2, their shipments, refunds and payments."""
