"""Storefronts: one package for each platform that a store can be on."""
