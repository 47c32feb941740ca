"""What people do in Seller Center, as actions of the world."""
