--[[ The part of REAPER's interface that our scripts call, with the types that it asks for.

lua5.4 fake_reaper.lua SCRIPT PROJECT CALLS: PROJECT is a Lua file that returns a table of items; CALLS gets
one line for each call that changes or shows something. A call of anything else, or with wrong types, is an error.
]]
local script, project_file, calls_file = arg[1], arg[2], arg[3]
local project = dofile(project_file)
local calls = assert(io.open(calls_file, "w"))
local deferred = {}
local open_blocks = 0

local function shown(value)
  if type(value) ~= "table" then return tostring(value) end
  return value.id or "?"
end

local function record(name, ...)
  local words = { name }
  for i = 1, select("#", ...) do words[#words + 1] = shown((select(i, ...))) end
  calls:write((table.concat(words, "\t"):gsub("\n", " | ")), "\n")
  calls:flush()
end

local KINDS = { n = "number", s = "string", b = "boolean", f = "function" }
local HANDLES = { I = "item", T = "take", S = "source" }

-- A function that takes exactly these types; a capital letter is a handle, and `R` as first means: write it down.
local function typed(name, types, work)
  local is_recorded = types:sub(1, 1) == "R"
  types = types:gsub("^R", "")
  return function(...)
    local n = select("#", ...)
    if n ~= #types then error(name .. ": " .. n .. " arguments, not " .. #types, 2) end
    for i = 1, n do
      local value, kind = (select(i, ...)), types:sub(i, i)
      local fine = type(value) == KINDS[kind]
        or (HANDLES[kind] and type(value) == "table" and value.kind == HANDLES[kind])
        or kind == "P"
      if not fine then error(name .. ": argument " .. i .. " is " .. shown(value), 2) end
    end
    if is_recorded then record(name, ...) end
    return work(...)
  end
end

local function nothing() end
local function in_undo(name)
  if open_blocks ~= 1 then error(name .. " outside of an undo block", 3) end
end

local functions = {
  CountSelectedMediaItems = { "n", function() return #project.items end },
  GetSelectedMediaItem = { "nn", function(_, i) return project.items[i + 1] end },
  GetActiveTake = { "I", function(item) return item.take end },
  GetTakeName = { "T", function(take) return take.name end },
  TakeIsMIDI = { "T", function(take) return take.midi == true end },
  GetMediaItemTake_Source = { "T", function(take) return take.source end },
  GetMediaSourceType = { "Ss", function(source) return source.type or "WAVE" end },
  GetMediaSourceFileName = { "Ss", function(source) return source.path or "" end },
  GetMediaSourceLength = { "S", function(source) return source.length, false end },
  GetMediaItemTakeInfo_Value = { "Ts", function(take, name) return assert(take[name] or 0.0) end },
  GetMediaItemInfo_Value = { "Is", function(item, name) return item[name] or 0.0 end },
  GetSet_LoopTimeRange = { "bbnnb", function() return table.unpack(project.time or { 0.0, 0.0 }) end },
  file_exists = { "s", function(path)
    local file = io.open(path, "rb")
    if file then file:close() end
    return file ~= nil
  end },
  time_precise = { "", os.clock },
  ValidatePtr2 = { "nPs", function(_, item) return not item.removed end },
  ExecProcess = { "Rsn", function(command)
    if project.starts then os.execute(command .. " >/dev/null 2>&1 </dev/null &") end
  end },
  ShowMessageBox = { "Rssn", function() return 1 end },
  Undo_BeginBlock = { "R", function() open_blocks = open_blocks + 1 end },
  Undo_EndBlock = { "Rsn", function() open_blocks = open_blocks - 1 end },
  PreventUIRefresh = { "n", nothing },
  UpdateArrange = { "", nothing },
  Main_OnCommand = { "Rnn", nothing },
  PCM_Source_CreateFromFile = { "s", function(path) return { kind = "source", id = path, path = path } end },
  AddTakeToMediaItem = { "RI", function(item)
    in_undo("AddTakeToMediaItem")
    return { kind = "take", id = item.id .. ".new" }
  end },
  SetMediaItemTake_Source = { "RTS", function(take, source)
    in_undo("SetMediaItemTake_Source")
    take.source = source
    return true
  end },
  SetMediaItemTakeInfo_Value = { "RTsn", function() in_undo("SetMediaItemTakeInfo_Value") return true end },
  GetSetMediaItemTakeInfo_String = { "RTssb", function() in_undo("P_NAME") return true, "" end },
  SetActiveTake = { "RT", function() in_undo("SetActiveTake") end },
  defer = { "f", function(work) deferred[#deferred + 1] = work end },
}
if project.sws then functions.Xen_StartSourcePreview = { "RSnb", function() return 1 end } end

reaper = setmetatable({}, { __index = function(_, name)
  if name:match("^Xen_") then return nil end
  error("REAPER has no function " .. name .. " here", 2)
end })
for name, each in pairs(functions) do rawset(reaper, name, typed(name, each[1], each[2])) end

local is_open = false
gfx = {
  w = 420, h = 70,
  init = function() is_open = true end,
  quit = function() is_open = false end,
  getchar = function() assert(is_open) return project.closes and -1 or 0 end,
  set = nothing, rect = nothing, drawstr = nothing, update = nothing,
}

dofile(script)
while #deferred > 0 do
  local now = deferred
  deferred = {}
  for _, work in ipairs(now) do work() end
  os.execute("sleep 0.03")
end
assert(not is_open, "the window is still open")
assert(open_blocks == 0, "an undo block is still open")
