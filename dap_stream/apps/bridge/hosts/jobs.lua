-- Jobs for dap-stream bridge as files in a folder: what the Lua scripts of all hosts share.
-- `dap-stream bridge install` puts it in front of each script, with the places of this machine filled in.

local DAP = { command = @COMMAND@, jobs = @JOBS@, folders = @FOLDERS@, preset = @PRESET@ }

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
local UNESCAPES = { n = "\n", r = "\r", t = "\t", b = "\b", f = "\f" }

local function quoted(text)
  return '"' .. text:gsub('[%c"\\]', function(c) return ESCAPES[c] or ("\\u%04x"):format(c:byte()) end) .. '"'
end

-- JSON of strings, numbers, booleans and tables of names.
function DAP.encode(value)
  if type(value) == "string" then return quoted(value) end
  if type(value) ~= "table" then
    -- A host's locale may have a decimal comma, which is no JSON.
    if type(value) == "number" and math.type(value) == "float" then
      return (("%.9f"):format(value):gsub(",", "."))
    end
    return tostring(value)
  end
  local parts = {}
  for name, each in pairs(value) do parts[#parts + 1] = quoted(name) .. ":" .. DAP.encode(each) end
  return "{" .. table.concat(parts, ",") .. "}"
end

local decode_value

local function decode_string(text, at)
  local parts = {}
  while true do
    local plain, stop, mark = text:match('^([^"\\]*)()(["\\])', at)
    if not plain then error("a string does not end") end
    parts[#parts + 1] = plain
    if mark == '"' then return table.concat(parts), stop + 1 end
    local c = text:sub(stop + 1, stop + 1)
    at = stop + 2
    if c == "u" then
      local code = tonumber(text:sub(at, at + 3), 16)
      at = at + 4
      if code >= 0xD800 and code < 0xDC00 then -- one half of a pair
        local low = tonumber(text:match("^\\u(%x%x%x%x)", at), 16)
        code = 0x10000 + (code - 0xD800) * 0x400 + (low - 0xDC00)
        at = at + 6
      end
      parts[#parts + 1] = utf8.char(code)
    else
      parts[#parts + 1] = UNESCAPES[c] or c
    end
  end
end

local function decode_members(text, at, is_object)
  local values, stop = {}, is_object and "}" or "]"
  at = text:match("^%s*()", at)
  if text:sub(at, at) == stop then return values, at + 1 end
  while true do
    local name = #values + 1
    if is_object then
      name, at = decode_string(text, assert(text:match('^%s*"()', at), "a name is missing"))
      at = assert(text:match("^%s*:()", at), "a colon is missing")
    end
    values[name], at = decode_value(text, at)
    local mark
    mark, at = text:match("^%s*([,%]}])()", at)
    if mark == stop then return values, at end
    if mark ~= "," then error("a comma is missing") end
  end
end

decode_value = function(text, at)
  at = text:match("^%s*()", at)
  local first = text:sub(at, at)
  if first == '"' then return decode_string(text, at + 1) end
  if first == "{" or first == "[" then return decode_members(text, at + 1, first == "{") end
  local word, stop = text:match("^([%w%+%-%.]+)()", at)
  if word == "true" then return true, stop end
  if word == "false" then return false, stop end
  if word == "null" then return nil, stop end
  local number = tonumber(word)
  if not number then error("no JSON") end
  return number, stop
end

-- A table from JSON, or nil.
function DAP.decode(text)
  local fine, value = pcall(decode_value, text, 1)
  return fine and value or nil
end

local function path_of(name) return DAP.jobs .. "/" .. name end

function DAP.read(name)
  local file = io.open(path_of(name), "rb")
  if not file then return nil end
  local text = file:read("a")
  file:close()
  return DAP.decode(text)
end

-- False where the folder cannot be written.
function DAP.write(name, text)
  local part = path_of("." .. name .. ".part")
  local file = io.open(part, "wb")
  if not file then return false end
  local fine = file:write(text) and file:close()
  return fine and os.rename(part, path_of(name)) and true or false
end

local count = 0

-- A name that no other job has, for a job or a file in the job folder.
function DAP.new_name(host)
  count = count + 1
  return ("%s_%d_%s_%d"):format(host, os.time(), tostring({}):match("(%x+)$"), count)
end

-- Hands a job to the bridge; its name, or nil and the line for the user.
function DAP.submit(host, method, params)
  local name = DAP.new_name(host)
  params.preset = DAP.preset
  local text = DAP.encode({ protocol = 1, method = method, params = params })
  if DAP.write(name .. ".job.json", text .. "\n") then return name end
  return nil, DAP.jobs .. " cannot be written; run dap-stream bridge install " .. host .. " again"
end

-- "working" with stage and part, "done" with the figures, or "failed" with the line for the user.
function DAP.look(name)
  local answer = DAP.read(name .. ".result.json")
  if answer then
    os.remove(path_of(name .. ".result.json"))
    if answer.error then return "failed", answer.error.message end
    return "done", answer.result
  end
  return "working", DAP.read(name .. ".progress.json") or { stage = "waiting", part = 0 }
end

function DAP.cancel(name) DAP.write(name .. ".cancel", "") end

-- Whether a bridge looks at the folder: its heartbeat is a few seconds old at most.
function DAP.is_alive()
  local about = DAP.read("bridge.json")
  local beat = about and tonumber(about.heartbeat)
  return beat ~= nil and os.difftime(os.time(), math.floor(beat)) < 10
end

-- Words of the command that starts a bridge; it ends when it had nothing to do for half an hour.
function DAP.start_words()
  local words = { DAP.command, "bridge", "--watch", DAP.jobs, "--idle", "1800", "--folder", DAP.jobs }
  for _, folder in ipairs(DAP.folders) do
    words[#words + 1] = "--folder"
    words[#words + 1] = folder
  end
  return words
end

-- "dir/talk.wav" to "dir", "talk".
function DAP.split(path)
  local folder, file = path:match("^(.*)[/\\]([^/\\]*)$")
  file = file or path
  return folder or "", (file:gsub("%.[^.]*$", ""))
end
