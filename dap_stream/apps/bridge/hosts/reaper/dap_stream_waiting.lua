-- Jobs on their way, while REAPER goes on: a small window with the progress; closing it cancels.

local START_S = 120 -- to start a bridge; its first start on a machine compiles
local SILENCE_S = 15 -- of a bridge that was alive

local Waiting = {}

function Waiting.say(text) reaper.ShowMessageBox(text, "dap_stream", 0) end

-- Starts a bridge if none is alive.
function Waiting.start_bridge()
  if DAP.is_alive() then return end
  local words = {}
  for _, word in ipairs(DAP.start_words()) do words[#words + 1] = '"' .. word .. '"' end
  reaper.ExecProcess(table.concat(words, " "), -1) -- -1: do not wait for it
end

local function draw(text, part)
  gfx.set(0.15, 0.15, 0.15)
  gfx.rect(0, 0, gfx.w, gfx.h)
  gfx.set(0.3, 0.6, 0.4)
  gfx.rect(10, 40, (gfx.w - 20) * part, 14)
  gfx.set(0.9, 0.9, 0.9)
  gfx.x, gfx.y = 10, 12
  gfx.drawstr(text)
  gfx.update()
end

-- Hands all jobs to the bridge and waits for them. Each job has `method`, `params` and `stretch`.
-- At the end `done(finished, errors)`, with the figures of each finished job in its `figures`.
function Waiting.run(jobs, done)
  local finished, errors = {}, {}
  for _, job in ipairs(jobs) do
    local reason
    job.name, reason = DAP.submit("reaper", job.method, job.params)
    if not job.name then errors[#errors + 1] = reason end
  end
  Waiting.start_bridge()
  local seen_s, has_lived, is_cancelled = reaper.time_precise(), false, false
  gfx.init("dap_stream: close to cancel", 420, 70)

  local function stop(reason)
    for _, job in ipairs(jobs) do
      if job.name then DAP.cancel(job.name) end
      job.name = nil
    end
    if reason then errors[#errors + 1] = reason end
  end

  local function step()
    local left, text, part = 0, "", 0
    for _, job in ipairs(jobs) do
      if job.name then
        local state, told = DAP.look(job.name)
        if state == "working" then
          if left == 0 then
            text = ("%s %d of %d: %s"):format(job.stretch.name, #finished + 1, #jobs, told.stage)
            part = told.part
          end
          left = left + 1
        else
          job.name = nil
          if state == "done" then
            job.figures = told
            finished[#finished + 1] = job
          else
            errors[#errors + 1] = told
          end
        end
      end
    end
    local now_s = reaper.time_precise()
    if DAP.is_alive() then seen_s, has_lived = now_s, true end
    if left > 0 and gfx.getchar() < 0 then
      is_cancelled = true
      stop()
      left = 0
    end
    if left > 0 and now_s - seen_s > (has_lived and SILENCE_S or START_S) then
      stop(("the bridge does not answer; try it in a terminal: %s"):format(table.concat(DAP.start_words(), " ")))
      left = 0
    end
    if left > 0 then
      draw(text, part)
      reaper.defer(step)
      return
    end
    gfx.quit()
    -- Whoever cancels wants nothing changed, not a part of it.
    done(is_cancelled and {} or finished, errors)
  end
  step()
end
