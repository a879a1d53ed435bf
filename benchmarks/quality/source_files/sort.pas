program SortNumbers;

uses
  SysUtils;

const
  Max = 100;

var
  Numbers: array[1..Max] of Integer;
  Count, I, J, Swap: Integer;

begin
  Count := 0;
  while (not Eof) and (Count < Max) do
  begin
    Inc(Count);
    ReadLn(Numbers[Count]);
  end;

  for I := 1 to Count - 1 do
    for J := I + 1 to Count do
      if Numbers[J] < Numbers[I] then
      begin
        Swap := Numbers[I];
        Numbers[I] := Numbers[J];
        Numbers[J] := Swap;
      end;

  for I := 1 to Count do
    WriteLn(Format('%5d', [Numbers[I]]));
end.
