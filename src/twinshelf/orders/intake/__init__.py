"""From a TikTok order to its one BigCommerce order, and its status from then on."""
