-module(counter).
-behaviour(gen_server).

-export([start_link/0, increment/1, value/1]).
-export([init/1, handle_call/3, handle_cast/2]).

-record(state, {values = #{} :: #{atom() => integer()}}).

start_link() ->
    gen_server:start_link({local, ?MODULE}, ?MODULE, [], []).

increment(Key) ->
    gen_server:cast(?MODULE, {increment, Key}).

value(Key) ->
    gen_server:call(?MODULE, {value, Key}).

init([]) ->
    {ok, #state{}}.

handle_call({value, Key}, _From, State = #state{values = Values}) ->
    {reply, maps:get(Key, Values, 0), State}.

handle_cast({increment, Key}, State = #state{values = Values}) ->
    New = maps:update_with(Key, fun(V) -> V + 1 end, 1, Values),
    {noreply, State#state{values = New}}.
