-- What of REAPER's selection the bridge is asked to clean. No job is begun here.

local HANDLE_S = 1.0 -- more of the source than the item shows, so that its edges can be moved afterwards

local Selection = {}

-- The file of a take, and which stretch of it: nil and the reason where there is none to clean.
-- `first_s` and `last_s` count in the item; all of it without them.
function Selection.stretch(take, item, first_s, last_s)
  if not take then return nil, "an empty item" end
  local name = reaper.GetTakeName(take)
  if reaper.TakeIsMIDI(take) then return nil, name .. ": MIDI" end
  local source = reaper.GetMediaItemTake_Source(take)
  if not source then return nil, name .. ": no source" end
  local kind = reaper.GetMediaSourceType(source, "")
  if kind == "SECTION" then
    return nil, name .. ": a section, or reversed; glue the item first"
  end
  local path = reaper.GetMediaSourceFileName(source, "")
  if path == "" then return nil, name .. ": has no file; glue the item first" end
  if not reaper.file_exists(path) then return nil, path .. ": is offline" end
  local length_s, in_beats = reaper.GetMediaSourceLength(source)
  if in_beats or length_s <= 0 then return nil, path .. ": has no length" end
  local rate = reaper.GetMediaItemTakeInfo_Value(take, "D_PLAYRATE")
  local offset_s = reaper.GetMediaItemTakeInfo_Value(take, "D_STARTOFFS")
  local item_s = reaper.GetMediaItemInfo_Value(item, "D_LENGTH")
  local handle_s = first_s and 0 or HANDLE_S
  local from_s = offset_s + (first_s or 0) * rate
  local to_s = offset_s + (last_s or item_s) * rate
  if to_s > length_s + 1e-6 and reaper.GetMediaItemInfo_Value(item, "B_LOOPSRC") ~= 0 and not first_s then
    return nil, name .. ": a loop; glue the item first"
  end
  local start_s = math.max(from_s - handle_s, 0.0)
  local end_s = math.min(to_s + handle_s, length_s)
  if end_s <= start_s then return nil, name .. ": shows nothing of its source" end
  return { take = take, item = item, path = path, name = name, rate = rate,
           start_s = start_s, end_s = end_s, offset_s = offset_s - start_s }
end

-- Stretches of the active takes of all selected items, and the reasons of those that are left out.
function Selection.items()
  local stretches, reasons = {}, {}
  for i = 0, reaper.CountSelectedMediaItems(0) - 1 do
    local item = reaper.GetSelectedMediaItem(0, i)
    local stretch, reason = Selection.stretch(reaper.GetActiveTake(item), item)
    if stretch then stretches[#stretches + 1] = stretch else reasons[#reasons + 1] = reason end
  end
  return stretches, reasons
end

-- The part of the first selected item that is in the time selection.
function Selection.in_time()
  local first, last = reaper.GetSet_LoopTimeRange(false, false, 0, 0, false)
  if last <= first then return nil, "select a time first" end
  if reaper.CountSelectedMediaItems(0) == 0 then return nil, "select an item first" end
  local item = reaper.GetSelectedMediaItem(0, 0)
  local position = reaper.GetMediaItemInfo_Value(item, "D_POSITION")
  local length = reaper.GetMediaItemInfo_Value(item, "D_LENGTH")
  local first_s, last_s = math.max(first - position, 0), math.min(last - position, length)
  if last_s <= first_s then return nil, "the time selection does not touch the selected item" end
  return Selection.stretch(reaper.GetActiveTake(item), item, first_s, last_s)
end
