-- Cleans what of the selected item is in the time selection, and plays it. The project stays as it is.

local function preview_time_selection()
  local stretch, reason = Selection.in_time()
  if not stretch then
    Waiting.say(reason)
    return
  end
  local params = { input = stretch.path, start_s = stretch.start_s, end_s = stretch.end_s }
  Waiting.run({ { method = "preview", params = params, stretch = stretch } }, function(finished, errors)
    if #errors > 0 then Waiting.say(table.concat(errors, "\n")) end
    if #finished == 0 then return end
    local path = finished[1].figures.output
    -- A function of the SWS extension, which not everybody has.
    local source = reaper.Xen_StartSourcePreview and reaper.PCM_Source_CreateFromFile(path)
    if source then
      reaper.Xen_StartSourcePreview(source, 1.0, false)
    else
      Waiting.say("The preview is " .. path .. "\nWith the SWS extension it is played here.")
    end
  end)
end

preview_time_selection()
