-- Cleans the active takes of the selected items. Each item gets a new take; the old one stays.

local function clean_selected_items()
  local stretches, reasons = Selection.items()
  if #stretches == 0 then
    Waiting.say(#reasons > 0 and "Nothing to clean.\n" .. table.concat(reasons, "\n") or "Select items first.")
    return
  end
  local jobs = {}
  for _, stretch in ipairs(stretches) do
    local folder, stem = DAP.split(stretch.path)
    local output = ("%s/%s_%s.wav"):format(folder, stem, DAP.new_name("clean"))
    jobs[#jobs + 1] = {
      method = "clean", stretch = stretch,
      params = { input = stretch.path, output = output, start_s = stretch.start_s, end_s = stretch.end_s },
    }
  end

  local function add_take(job)
    local stretch = job.stretch
    if not reaper.ValidatePtr2(0, stretch.item, "MediaItem*") then
      return stretch.name .. ": its item has been removed; the result is " .. job.params.output
    end
    local source = reaper.PCM_Source_CreateFromFile(job.params.output)
    if not source then return job.params.output .. ": cannot be opened by REAPER" end
    local take = reaper.AddTakeToMediaItem(stretch.item)
    reaper.SetMediaItemTake_Source(take, source)
    reaper.SetMediaItemTakeInfo_Value(take, "D_STARTOFFS", stretch.offset_s)
    for name, value in pairs(stretch.looks) do reaper.SetMediaItemTakeInfo_Value(take, name, value) end
    reaper.GetSetMediaItemTakeInfo_String(take, "P_NAME", stretch.name .. " (clean)", true)
    reaper.SetActiveTake(take)
  end

  -- How the take sounds in the item, which the new one is to keep.
  local function look_of(stretch)
    stretch.looks = {}
    for _, name in ipairs({ "D_PLAYRATE", "D_PITCH", "B_PPITCH", "D_VOL", "D_PAN", "I_CHANMODE" }) do
      stretch.looks[name] = reaper.GetMediaItemTakeInfo_Value(stretch.take, name)
    end
  end

  for _, stretch in ipairs(stretches) do look_of(stretch) end
  Waiting.run(jobs, function(finished, errors)
    for _, reason in ipairs(errors) do reasons[#reasons + 1] = reason end
    if #finished > 0 then
      reaper.Undo_BeginBlock()
      reaper.PreventUIRefresh(1)
      for _, job in ipairs(finished) do
        local reason = add_take(job)
        if reason then reasons[#reasons + 1] = reason end
      end
      reaper.PreventUIRefresh(-1)
      reaper.UpdateArrange()
      reaper.Undo_EndBlock("dap_stream: clean items", -1)
      reaper.Main_OnCommand(40047, 0) -- build the peaks that are missing
    end
    if #reasons > 0 then Waiting.say(table.concat(reasons, "\n")) end
  end)
end

clean_selected_items()
