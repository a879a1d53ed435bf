class Stack:
    """用列表实现的栈。

    后进先出：最后放进去的元素最先取出来。
    """

    def __init__(self):
        self._items = []

    def push(self, item):
        # 放到栈顶
        self._items.append(item)

    def pop(self):
        # 栈为空时不能取
        if not self._items:
            raise IndexError("栈是空的")
        return self._items.pop()

    def __len__(self):
        return len(self._items)


def balanced(text):
    """检查括号是否配对。"""
    pairs = {")": "(", "]": "[", "}": "{"}
    stack = Stack()
    for char in text:
        if char in pairs.values():
            stack.push(char)
        elif char in pairs and (not len(stack) or stack.pop() != pairs[char]):
            return False
    return len(stack) == 0
