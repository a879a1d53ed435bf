// 简单的事件总线
type Handler<T> = (event: T) => void;

export class EventBus<Events extends Record<string, unknown>> {
  private handlers = new Map<keyof Events, Set<Handler<any>>>();

  // 订阅事件，返回取消订阅的函数
  on<K extends keyof Events>(name: K, handler: Handler<Events[K]>): () => void {
    const set = this.handlers.get(name) ?? new Set();
    set.add(handler);
    this.handlers.set(name, set);
    return () => set.delete(handler);
  }

  // 触发事件
  emit<K extends keyof Events>(name: K, event: Events[K]): void {
    for (const handler of this.handlers.get(name) ?? []) {
      try {
        handler(event);
      } catch (error) {
        console.error("事件处理出错", name, error);
      }
    }
  }
}
