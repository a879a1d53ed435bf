local Snake = {}
Snake.__index = Snake

local directions = {
  up = { 0, -1 },
  down = { 0, 1 },
  left = { -1, 0 },
  right = { 1, 0 },
}

function Snake.new(x, y)
  local self = setmetatable({}, Snake)
  self.body = { { x, y } }
  self.heading = "right"
  self.growing = false
  return self
end

function Snake:turn(heading)
  if directions[heading] then
    self.heading = heading
  end
end

function Snake:move()
  local head = self.body[1]
  local step = directions[self.heading]
  table.insert(self.body, 1, { head[1] + step[1], head[2] + step[2] })
  if self.growing then
    self.growing = false
  else
    table.remove(self.body)
  end
end

return Snake
