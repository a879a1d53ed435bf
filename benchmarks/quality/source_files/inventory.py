"""Keep count of what lies in a small warehouse."""

from dataclasses import dataclass, field


@dataclass
class Item:
    sku: str
    name: str
    quantity: int = 0
    price: float = 0.0


@dataclass
class Inventory:
    items: dict[str, Item] = field(default_factory=dict)

    def add(self, item: Item) -> None:
        if item.sku in self.items:
            self.items[item.sku].quantity += item.quantity
        else:
            self.items[item.sku] = item

    def remove(self, sku: str, quantity: int) -> None:
        item = self.items.get(sku)
        if item is None or item.quantity < quantity:
            raise ValueError(f"not enough of {sku}")
        item.quantity -= quantity

    def value(self) -> float:
        return sum(item.quantity * item.price for item in self.items.values())


if __name__ == "__main__":
    stock = Inventory()
    stock.add(Item("A-1", "bolt", 100, 0.05))
    stock.add(Item("A-2", "nut", 250, 0.02))
    stock.remove("A-1", 20)
    print(f"{stock.value():.2f}")
