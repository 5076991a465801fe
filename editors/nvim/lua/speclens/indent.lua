--- Where a new line begins: the column at which the text above goes on. It is the same rule that the server follows for
--- editors that ask after Enter; here it is asked while Neovim opens the line, so that a fast typist never waits for it.

local M = {}

local step = 2

--- The column of what stands behind the dashes of a line: `- - a` has its content at 4.
local function content(line)
  local at = #line:match('^%s*')
  while true do
    local dash = line:match('^%-%s+()%S', at + 1)
    if not dash then
      return at
    end
    at = dash - 1
  end
end

--- A line without the comment at its end, as far as one line tells what is quoted.
local function code(line)
  local quote
  for i = 1, #line do
    local char, before = line:sub(i, i), i == 1 and ' ' or line:sub(i - 1, i - 1)
    if quote then
      quote = char ~= quote and quote or nil
    elseif (char == '"' or char == "'") and before:match('[%s%[{,(]') then
      quote = char
    elseif char == '#' and before:match('%s') then
      return (line:sub(1, i - 1):gsub('%s+$', ''))
    end
  end
  return (line:gsub('%s+$', ''))
end

--- Whether a line ends with the head of a block scalar, and the column that its text stands deeper than.
local function block_head(line)
  local text = code(line)
  local key = text:match(':%s+[&!]?%S*%s*[|>][%d+-]*$') or text:match(':%s+[|>][%d+-]*$')
  if key then
    return content(text)
  end
  if text:match('^%s*%-%s+[|>][%d+-]*$') then
    return #text:match('^%s*')
  end
end

--- Whether a line is part of a block scalar: some head above it stands further left than all between.
local function in_block(lines, index)
  local least = #lines[index]:match('^%s*')
  for i = index - 1, 1, -1 do
    local line = lines[i]
    local indent = #line:match('^%s*')
    if line:match('%S') and least > 0 then
      local head = block_head(line)
      if head and head < least then
        return true
      end
      if indent < least then
        least = indent
      end
    end
    if least == 0 then
      return false
    end
  end
  return false
end

--- The column of a new line below the given ones, from 0.
---@param lines string[]
---@return integer
function M.column(lines)
  local last = #lines
  while last > 0 and not lines[last]:match('%S') do
    last = last - 1
  end
  if last == 0 then
    return 0
  end
  local line = lines[last]
  if in_block(lines, last) then
    return #line:match('^%s*')
  end
  local head = block_head(line)
  if head then
    return head + step
  end
  local text = code(line)
  if not text:match('%S') then
    return #line:match('^%s*') -- a comment
  end
  if text:match(':$') or text:match(':%s+[&!]%S+$') or text:match('[%[{]$') then
    return content(text) + step
  end
  if text:match('^%s*%-$') or text:match('^%s*%-%s+[&!]%S+$') then
    return #text:match('^%s*') + step
  end
  return content(text)
end

--- For 'indentexpr'.
function M.expr()
  return M.column(vim.api.nvim_buf_get_lines(0, 0, vim.v.lnum - 1, false))
end

return M
