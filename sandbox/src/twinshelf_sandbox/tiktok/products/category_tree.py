"""The category tree: a small part of the real one, or a whole one read from a file.

The small one has real ids and names of the US market, version 2, about 240 of some 11,500: one category a line,
indented below its parent. Nodes whose children are left out are leaves here.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TREE: Final = """
600001 Home Supplies
  851848 Home Organizers
    600621 Storage Boxes & Bins
      1234192 Storage Boxes
      1234320 Storage Bins with Lids
    600686 Storage Baskets
    600748 Hangers & Pegs
    852744 Storage Bags
    852872 Storage Holders & Racks
      1232784 Utility Racks
      1232912 Utility Carts
    853000 Storage Bottles & Jars
  851976 Bathroom Supplies
    600405 Toilet Brush & Plungers
    600406 Toilet Seat Covers
    600416 Soap Dispensers
    600430 Bathroom Tumblers
    600436 Toothbrush Holders
    600447 Soap Dishes
    810888 Towels
      1252880 Towel Sets
      1253008 Hand Towels
      1253136 Guest Towels
  852104 Home Decor
    600341 Photo Frames
      1237648 Wall & Tabletop Frames
      1237776 Speciality Photo Frames
    806416 Cardboard Cutouts
    854152 Candles
    854280 Candle Holders
      1243152 Candleholder Sets
      1243280 CandleHolder
      1243408 Candle Accessories
        1828880 Travel Tins
        1829008 Replacement Wicks & Trimmers
    854408 Mirrors
      1238928 Wall-Mounted Mirrors
  852232 Home Care Supplies
    600396 Cleaning Gloves
    600401 Trash Bags
    600409 Cleaning Cloths
    600418 Squeegees
    600477 Home Fragrances
      1245584 Scented Oils
      1245712 Scented Oil Diffusers
      1245840 Sachets
  852360 Laundry Tools & Accessories
    600747 Washing Bags
    600750 Washing Lines
    600758 Drying Racks
  852488 Festive & Party Supplies
    600017 Balloons
600024 Kitchenware
  858504 Tea & Coffeeware
    600096 Coffee Pots
    600100 Coffee Sets
    600102 Milk Jugs
  858632 Kitchen Knives
    600145 Kitchen Knives
    600151 Chopping Boards
  859144 Cookware
    600146 Pots
    863624 Cookware Sets
  859272 Cutlery & Tableware
    600033 Placemats & Coasters
    600059 Lunch Boxes
    600063 Chopsticks
    600064 Plates
    600069 Bowls
  859400 Drinkware
    600032 Vacuum Flasks
    600036 Glasses
    600042 Mugs
    600047 Drinkware Accessories
    600048 Water Bottles
  859528 Kitchen Utensils & Gadgets
    600029 Preserving Containers
    600121 Measuring Utensils
    600123 Fire Starters
    600127 Kitchen Timers
600154 Textiles & Soft Furnishings
  808328 Bedding and Linens
    600157 Blankets & Throws
      1010448 Throws
      1010576 Blankets
    600165 Sheets & Pillowcases
      1006864 Sheet & Pillowcase Sets
      1006992 Pillowcases
    700652 Quilts
    807184 Bedding Accessories
    808584 Bedding Sets Collections
  809992 Household Textiles
    600204 Kitchen Linens
      998288 Runners
      998416 Potholders & Oven Gloves
    600221 Carpets & Rugs
      1002512 Stair Pads
      1002640 Runners
    700661 Cushions & Accessories
      999440 Outdoor Pads & Cushions
      999568 Cushions
600942 Household Appliances
  844168 Kitchen Appliances
    847624 Toasters
    847752 Rice & Pressure Cookers
601152 Womenswear & Underwear
  842248 Women's Tops
    601265 Blouses & Shirts
    601284 Women's Knitwear
    601295 Hoodies & Sweatshirts
    601302 Women's T-shirts
  842376 Women's Bottoms
    601264 Skirts
    601266 Shorts
  842504 Women's Dresses
    601271 Formal Dresses
601352 Shoes
  900488 Women's Shoes
    601387 Oxfords
    601396 Heels
601450 Beauty & Personal Care
  848648 Makeup
    601529 Makeup Sets
    601534 Lipstick & Lip Gloss
  848776 Skincare
    601595 Lip Treatments
    601602 Facial Sunscreen & Sun Care
    601608 Toners
  849160 Bath & Body Care
    601490 Body Care Sets
    601492 Body Moisturizers
  856208 Fragrance
    855696 Men's Fragrance
    855824 Unisex Fragrance
601739 Phones & Electronics
  909064 Mobile Phone Accessories
    601925 Cases, Screen Protectors & Stickers
      1126416 Phone Stickers
      1126544 Phone Screen Protectors
    601927 Phone Batteries
    601937 Cables, Chargers & Adapters
      1126928 Chargers
  909320 Audio & Video
    601990 Headphones, Earphones & Accessories
    602029 Speakers
  995976 Phones & Tablets
    602097 Mobile Phones
601755 Computers & Office Equipment
  831112 Office Stationery & Supplies
    831752 Art Supplies
    831880 Notebooks & Paper
      1372176 Paper
      1372304 Notebooks
602118 Pet Supplies
  812168 Dog & Cat Food
    812296 Dog Food
    812552 Cat Food
  815624 Dog & Cat Litter
    805136 Toilet Training Systems
  816392 Dog & Cat Grooming
    816520 Shampoos & Conditioners
    816776 Combs & Brushes
  818696 Dog & Cat Accessories
    819208 Cat Toys
      1158416 Plush Toys
    819464 Carriers & Travel Supplies
603014 Sports & Outdoor
  835336 Fitness
    603375 Skipping Ropes
  835464 Camping & Hiking
    603952 Hammocks
    604054 Sleeping Gear
604206 Toys & Hobbies
  859656 Dolls & Stuffed Toys
    700699 Stuffed Toys
    861704 Doll Houses & Playsets
  859784 Educational Toys
    821776 Detective & Spy
    821904 Flash Cards
  860168 Games & Puzzles
    820880 Floor Games
    868360 Puzzles
      917776 Wooden Jigsaws
      917904 Puzzle Play Mats
604453 Furniture
  871048 Indoor Furniture
    604468 Sofas
    604497 Shelves & Racks
604579 Tools & Hardware
  871944 Garden Tools
    801552 Metal Detectors
    801680 Chainsaws
    801936 Gardening Tool Accessories
      996368 Rakes
      996624 Hoes
604968 Home Improvement
  872456 Lights & Lighting
    893832 Indoor Lighting
  873352 Garden Supplies
    803088 Greenhouses & Seed Starters
    900232 Garden Pots & Planters
      1272080 Window Boxes
      1272208 Urns
605248 Fashion Accessories
  905608 Costume Jewelry & Accessories
    605268 Earrings
    605272 Anklets
700437 Food & Beverages
  914824 Drinks
    700612 Coffee
    916488 Tea
  915080 Staples & Cooking Essentials
    919432 Cooking Sauces
  915336 Snacks
    700768 Chocolate & Chocolate Snacks
    851856 Plant-based & Gluten Snacks
700645 Health
  700646 Nutrition & Wellness
    700648 Beauty Supplement
801928 Books, Magazines & Audio
  986760 Literature & Art
    926344 Photography & Video
    926472 Biographies & Memoirs
  989704 Children's & Infants' Books
    926728 Children's Literature & Art
    989832 Early Learning & Soft books
  992392 Lifestyle & Hobbies
    928392 Recipes & Cooking
824328 Menswear & Underwear
  839944 Men's Tops
    601194 Waistcoats & Gilets
    960776 Polo Shirts
    601226 T-shirts
824584 Luggage & Bags
  902408 Women's Bags
    601439 Women's Crossbody & Shoulder Bags
  902792 Functional Bags
    601417 Laptop Bags
    601440 Make-up Bags
"""


@dataclass(frozen=True)
class Category:
    id: str
    parent_id: str
    name: str
    level: int
    is_leaf: bool


class Tree:
    """One version of the category tree."""

    def __init__(self, categories: list[Category]) -> None:
        self.all = {category.id: category for category in categories}

    def get(self, category_id: str) -> Category | None:
        """The category of that id, leaf or not."""
        return self.all.get(category_id)

    def chain(self, category_id: str) -> list[Category]:
        """From the root to the category."""
        found = []
        category = self.all.get(category_id)
        while category is not None:
            found.append(category)
            category = self.all.get(category.parent_id)
        return found[::-1]

    def path(self, category_id: str) -> str:
        """Names from the root to a category."""
        return " > ".join(category.name for category in self.chain(category_id))

    def pruned(self, levels: int) -> Tree:
        """The tree cut off below `levels`: what version 1 is to version 2."""
        kept = [c for c in self.all.values() if c.level <= levels]
        return Tree([Category(c.id, c.parent_id, c.name, c.level, c.is_leaf or c.level == levels) for c in kept])


def _small_tree() -> Tree:
    lines = [line for line in TREE.splitlines() if line.strip()]
    levels = [(len(line) - len(line.lstrip())) // 2 + 1 for line in lines]
    parents = ["0"]
    found = []
    for number, line in enumerate(lines):
        level = levels[number]
        category_id, name = line.strip().split(" ", 1)
        del parents[level:]
        is_leaf = number + 1 == len(lines) or levels[number + 1] <= level
        found.append(Category(category_id, parents[-1], name, level, is_leaf))
        parents.append(category_id)
    return Tree(found)


def read_tree(path: Path) -> Tree:
    """A tree from a CSV file: id, parent_id, level, is_leaf (true/false) and name_en, or paths such as "Home > Lamps".

    With paths, a parent without a row of its own is made up, and so is an id that is not a number. Raises ValueError
    for a file of any other shape.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows, columns = list(reader), set(reader.fieldnames or ())
    if {"id", "parent_id", "level", "is_leaf", "name_en"} <= columns:
        return Tree(
            [Category(r["id"], r["parent_id"], r["name_en"], int(r["level"]), r["is_leaf"] == "true") for r in rows]
        )
    if "path" not in columns or not rows:
        msg = f"{path.name} has neither the columns id, parent_id, level, is_leaf, name_en nor a path"
        raise ValueError(msg)
    return _tree_of_paths({tuple(row["path"].split(" > ")): row.get("id", "") for row in rows})


def _tree_of_paths(ids: dict[tuple[str, ...], str]) -> Tree:
    whole = {path[:level] for path in ids for level in range(1, len(path) + 1)}
    parents = {path[:-1] for path in whole}
    numbers = {path: _id_of(ids.get(path, ""), path) for path in whole}
    return Tree(
        [
            Category(numbers[path], numbers.get(path[:-1], "0"), path[-1], len(path), path not in parents)
            for path in sorted(whole)
        ]
    )


def _id_of(given: str, path: tuple[str, ...]) -> str:
    if given.isascii() and given.isdigit():
        return given
    return str(10**9 + int.from_bytes(hashlib.blake2b(" > ".join(path).encode(), digest_size=6).digest()) % 10**9)


SMALL: Final = _small_tree()
_V1_LEVELS: Final = 3
_V1: Final = SMALL.pruned(_V1_LEVELS)


class Trees:
    """Both versions of the tree in use."""

    def __init__(self) -> None:
        self.v2, self.v1 = SMALL, _V1
        self._follows = True  # whether version 1 is version 2 cut off, rather than a tree of its own

    def load(self, path: Path) -> int:
        """Use the tree of a file: as version 1 if it has three levels, else as version 2. Returns its size.

        Until a tree of three levels was loaded, version 1 is version 2 cut off below the third.
        """
        tree = read_tree(path)
        if max(category.level for category in tree.all.values()) <= _V1_LEVELS:
            self.v1, self._follows = tree, False
        else:
            self.v2 = tree
            self.v1 = tree.pruned(_V1_LEVELS) if self._follows else self.v1
        return len(tree.all)

    def of(self, version: str) -> Tree:
        """The tree of that version."""
        return self.v1 if version == "v1" else self.v2
