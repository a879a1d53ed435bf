defmodule Bank.Account do
  use GenServer

  @initial %{balance: 0, history: []}

  def start_link(opts \\ []) do
    GenServer.start_link(__MODULE__, @initial, opts)
  end

  def deposit(pid, amount) when amount > 0 do
    GenServer.call(pid, {:deposit, amount})
  end

  @impl true
  def init(state), do: {:ok, state}

  @impl true
  def handle_call({:deposit, amount}, _from, state) do
    state =
      state
      |> Map.update!(:balance, &(&1 + amount))
      |> Map.update!(:history, &[{:deposit, amount} | &1])

    {:reply, {:ok, state.balance}, state}
  end

  def handle_call(:balance, _from, state) do
    {:reply, state.balance, state}
  end
end
