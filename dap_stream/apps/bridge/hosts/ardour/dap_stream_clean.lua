ardour {
  ["type"] = "EditorAction",
  name = "dap_stream: clean regions",
  license = "MIT",
  author = "The dap_stream authors",
  description = [[Cleans the selected audio regions. Each clean region comes on a new track, at the place of the
old one, which is muted and stays.]]
}

function factory() return function()
  local POLL_US, START_S, SILENCE_S = 100000, 120, 15

  -- Files of a region, one for each channel or one for all, and the stretch; nil and the reason without any.
  local function stretch_of(region)
    if region:to_audioregion():isnil() then return nil, region:name() .. ": no sound" end
    local paths, is_known = {}, {}
    for channel = 0, region:to_audioregion():to_readable():n_channels() - 1 do
      local source = region:source(channel):to_filesource()
      if source:isnil() then return nil, region:name() .. ": has no file; bounce it first" end
      local path = source:path()
      local file = io.open(path, "rb")
      if not file then return nil, path .. ": cannot be read" end
      file:close()
      if not is_known[path] then paths[#paths + 1] = path end
      is_known[path] = true
    end
    local rate = Session:nominal_sample_rate()
    local start = region:start():samples()
    return { paths = paths, start_s = start / rate, end_s = (start + region:length():samples()) / rate }
  end

  local function start_bridge()
    if DAP.is_alive() then return end
    local words = DAP.start_words()
    -- Ardour looks for its own libraries first; the bridge, and Python in it, need others of the same names.
    local env = io.open("/usr/bin/env", "rb")
    if env then
      env:close()
      words = { "/usr/bin/env", "-u", "LD_LIBRARY_PATH", table.unpack(words) }
    end
    if os.forkexec then
      os.forkexec(table.unpack(words))
      return
    end
    for i, word in ipairs(words) do words[i] = "'" .. word:gsub("'", "'\\''") .. "'" end
    os.execute(table.concat(words, " ") .. " >/dev/null 2>&1 </dev/null &")
  end

  -- Waits for all jobs; `show(part, text)` says true to cancel. Reasons of those that failed.
  local function wait(jobs, show)
    local reasons, left, is_cancelled = {}, #jobs, false
    local seen, has_lived = os.time(), false
    while left > 0 do
      ARDOUR.LuaAPI.usleep(POLL_US)
      if DAP.is_alive() then seen, has_lived = os.time(), true end
      local part, text
      for _, job in ipairs(jobs) do
        if not job.state then
          local state, told = DAP.look(job.id)
          if state == "working" then
            part, text = part or told.part, text or (job.region:name() .. ": " .. told.stage)
          else
            job.state, left = state, left - 1
            if state == "failed" then reasons[#reasons + 1] = told end
          end
        end
      end
      local is_silent = os.difftime(os.time(), seen) > (has_lived and SILENCE_S or START_S)
      is_cancelled = left > 0 and show(part or 1, text or "") or false
      if left > 0 and (is_cancelled or is_silent) then
        for _, job in ipairs(jobs) do
          if not job.state then DAP.cancel(job.id) end
          job.state = job.state == "done" and not is_cancelled and "done" or "failed"
        end
        if is_silent then reasons[#reasons + 1] = "the bridge does not answer" end
        return reasons
      end
    end
    return reasons
  end

  -- The regions cleaned, as { region, paths } each, and the reasons of those that are not. No editor is needed.
  local function clean(regions, show)
    local jobs, reasons, wanted = {}, {}, {}
    for _, region in ipairs(regions) do
      local stretch, reason = stretch_of(region)
      local result = { region = region, paths = {}, jobs = {} }
      for _, path in ipairs(stretch and stretch.paths or {}) do
        local output = ARDOUR.LuaAPI.build_filename(DAP.jobs, DAP.new_name("clean") .. ".wav")
        local params = {
          input = path, output = output, start_s = stretch.start_s, end_s = stretch.end_s,
        }
        local id
        id, reason = DAP.submit("ardour", "clean", params)
        result.paths[#result.paths + 1] = output
        if not id then break end
        jobs[#jobs + 1] = { id = id, region = region }
        result.jobs[#result.jobs + 1] = jobs[#jobs]
      end
      wanted[#wanted + 1] = result
      if reason then reasons[#reasons + 1] = reason end
    end
    if #jobs > 0 then start_bridge() end
    for _, reason in ipairs(wait(jobs, show)) do reasons[#reasons + 1] = reason end
    local cleaned = {}
    for _, result in ipairs(wanted) do
      local n_done = 0
      for _, job in ipairs(result.jobs) do n_done = n_done + (job.state == "done" and 1 or 0) end
      if n_done > 0 and n_done == #result.paths then
        cleaned[#cleaned + 1] = result
      else -- half of its channels is of no use
        for _, path in ipairs(result.paths) do os.remove(path) end
      end
    end
    return cleaned, reasons
  end

  -- Copies the sound into the session, on a new track where the region is, and mutes the region.
  local function put_back(cleaned)
    Session:begin_reversible_command("dap_stream: clean regions")
    for _, result in ipairs(cleaned) do
      local files = C.StringVector()
      for _, path in ipairs(result.paths) do files:push_back(path) end
      local how = #result.paths > 1 and Editing.ImportMergeFiles or Editing.ImportDistinctFiles
      Editor:do_import(files, how, Editing.ImportAsTrack, ARDOUR.SrcQuality.SrcBest,
        ARDOUR.MidiTrackNameSource.SMFTrackName, ARDOUR.MidiTempoMapDisposition.SMFTempoIgnore,
        result.region:position(), ARDOUR.PluginInfo(), ARDOUR.Track(), false)
      for _, path in ipairs(result.paths) do os.remove(path) end
      result.region:to_stateful():clear_changes()
      result.region:set_muted(true)
      Session:add_stateful_diff_command(result.region:to_statefuldestructible())
    end
    if not Session:abort_empty_reversible_command() then Session:commit_reversible_command(nil) end
  end

  local function say(text)
    LuaDialog.Message("dap_stream", text, LuaDialog.MessageType.Info, LuaDialog.ButtonType.Close):run()
  end

  local regions = {}
  for region in Editor:get_selection().regions:regionlist():iter() do regions[#regions + 1] = region end
  if #regions == 0 then
    say("Select regions first.")
    return
  end
  local window = LuaDialog.ProgressWindow("dap_stream", true)
  local cleaned, reasons = clean(regions, function(part, text)
    window:progress(part, text)
    return window:canceled()
  end)
  window:done()
  if #cleaned > 0 then put_back(cleaned) end
  if #reasons > 0 then say(table.concat(reasons, "\n")) end
end end
