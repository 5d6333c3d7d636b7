-- Written by Postwright, role rspamd: ClamAV (role clamav) looks into each message.
-- Where clamd answers with an error, Rspamd's own module (lua_scanners/clamav.lua of 3.4 and 3.12)
-- ends in one of its own, and the message passes. Here nothing passes but what clamd has called
-- clean; without its word the sender comes again.

local rspamd_logger = require 'rspamd_logger'
local rspamd_tcp = require 'rspamd_tcp'
local rspamd_util = require 'rspamd_util'

-- Less than Rspamd's own time for a message (options.inc).
local CLAMD = { socket = '/run/clamav/clamd.ctl', timeout = 50.0 }

-- What this host itself writes: its letters say, among other things, that ClamAV is down.
local function is_ours(task)
  local address = tostring(task:get_from_ip() or '')
  return not task:get_user() and (address == '127.0.0.1' or address == '::1')
end

rspamd_config:register_symbol({
  name = 'VIRUS',
  type = 'prefilter',
  priority = 8,
  callback = function(task)
    if is_ours(task) then
      return
    end
    local function answered(err, data)
      local said = tostring(data or '')
      local virus = said:match('^stream: (.+) FOUND$')
      if virus then
        rspamd_logger.infox(task, 'refused, a virus: %s', virus)
        task:insert_result('VIRUS', 1.0, virus)
        task:set_pre_result('reject', 'It holds a virus: ' .. virus, 'VIRUS')
      elseif said ~= 'stream: OK' then
        rspamd_logger.errx(task, 'ClamAV: %s', err or said)
        return
      end
      task:cache_set('looked_into', true)
    end
    -- clamd(8), INSTREAM: chunks, each with its length before it; an empty one is the end.
    local text = task:get_content()
    rspamd_tcp.request({
      task = task,
      host = CLAMD.socket,
      port = 0,
      timeout = CLAMD.timeout,
      data = { 'zINSTREAM\0', rspamd_util.pack('>I4', #text), text, rspamd_util.pack('>I4', 0) },
      stop_pattern = '\0',
      callback = answered,
    })
  end,
  score = 0.0,
})

-- After all else, so that an answer that never came counts, too.
rspamd_config:register_symbol({
  name = 'VIRUS_UNKNOWN',
  type = 'postfilter',
  priority = 9,
  callback = function(task)
    local action = task:get_metric_action()
    if is_ours(task) or task:cache_get('looked_into') or action == 'reject' then
      return
    end
    task:set_pre_result('soft reject', 'It cannot be looked for viruses now', 'VIRUS_UNKNOWN')
  end,
})
