type Listener<S> = (state: S) => void;

export interface Action {
  type: string;
  payload?: unknown;
}

export type Reducer<S> = (state: S, action: Action) => S;

export class Store<S> {
  private state: S;
  private listeners: Set<Listener<S>> = new Set();

  constructor(private readonly reducer: Reducer<S>, initial: S) {
    this.state = initial;
  }

  getState(): S {
    return this.state;
  }

  dispatch(action: Action): void {
    const next = this.reducer(this.state, action);
    if (next !== this.state) {
      this.state = next;
      this.listeners.forEach((listener) => listener(next));
    }
  }

  subscribe(listener: Listener<S>): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
