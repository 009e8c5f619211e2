--[[ A real session with a real region, and a stand-in for the editor window, which Ardour's Lua shell lacks.

DAP_SESSION is the session's folder, DAP_SCRIPT the script, DAP_PHASE "make" (a session with a track) or "clean".
]]
local where, phase = os.getenv("DAP_SESSION"), os.getenv("DAP_PHASE")
assert(AudioEngine:set_backend("None (Dummy)", "dap", ""), "no dummy backend")
if phase == "make" then
  local made = create_session(where, "demo", 48000)
  made:new_audio_track(1, 2, nil, 1, "voice", ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true)
  made:save_state("")
  close_session()
  print("MADE")
  io.stdout:flush()
  os.exit(0)
end

Session = load_session(where, "demo")
assert(Session, "the session does not load")
local chosen = {}
for route in Session:get_tracks():iter() do
  for region in route:to_track():playlist():region_list():iter() do chosen[#chosen + 1] = region end
end

local function each(list)
  local i = 0
  return function() i = i + 1 return list[i] end
end
Editor = {
  get_selection = function()
    local list = { iter = function() return each(chosen) end }
    return { regions = { regionlist = function() return list end } }
  end,
  do_import = function(_, files, how, _, _, _, _, position)
    local count = 0
    for file in files:iter() do
      count = count + 1
      os.rename(file, ("%s/imported%d.wav"):format(where, count))
    end
    print(("IMPORTED %d %s %d"):format(count, how, position:samples()))
  end,
}
Editing = { ImportDistinctFiles = "DISTINCT", ImportMergeFiles = "MERGED", ImportAsTrack = 2 }
LuaDialog = {
  MessageType = { Info = 0 }, ButtonType = { Close = 0 },
  Message = function(_, text) return { run = function() print("SAID " .. text) end } end,
  ProgressWindow = function()
    return { progress = function() end, canceled = function() return os.getenv("DAP_CANCEL") ~= nil end,
             done = function() end }
  end,
}
function ardour(about) print("TYPE " .. about["type"]) end
dofile(os.getenv("DAP_SCRIPT"))
factory()()
for _, region in ipairs(chosen) do print("REGION " .. region:name() .. " " .. tostring(region:muted())) end
chosen = nil
print("END")
io.stdout:flush()
os.exit(0)
