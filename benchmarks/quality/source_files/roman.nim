import std/[strutils, tables, os]

const values = {
  "M": 1000, "CM": 900, "D": 500, "CD": 400,
  "C": 100, "XC": 90, "L": 50, "XL": 40,
  "X": 10, "IX": 9, "V": 5, "IV": 4, "I": 1
}.toOrderedTable

proc toRoman*(number: int): string =
  var rest = number
  for letters, value in values:
    while rest >= value:
      result.add letters
      rest -= value

proc parseRoman*(text: string): int =
  var i = 0
  while i < text.len:
    let two = if i + 1 < text.len: text[i .. i + 1] else: ""
    if two in values:
      result += values[two]
      i += 2
    else:
      result += values[$text[i]]
      i += 1

when isMainModule:
  for arg in commandLineParams():
    echo arg, " = ", toRoman(arg.parseInt)
