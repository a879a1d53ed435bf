-- 读取配置文件：每行一个“键 = 值”
local M = {}

-- 去掉首尾空白
local function trim(s)
  return (s:gsub("^%s+", ""):gsub("%s+$", ""))
end

function M.parse(text)
  local result = {}
  for line in text:gmatch("[^\r\n]+") do
    line = trim(line)
    -- 井号开头的是注释
    if line ~= "" and line:sub(1, 1) ~= "#" then
      local key, value = line:match("^([%w_]+)%s*=%s*(.*)$")
      if key == nil then
        error("无法解析: " .. line)
      end
      result[key] = tonumber(value) or value
    end
  end
  return result
end

function M.load(path)
  local file = assert(io.open(path, "r"))
  local text = file:read("*a")
  file:close()
  return M.parse(text)
end

return M
