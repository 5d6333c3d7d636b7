-- Written by Postwright, role rspamd: nobody is judged while this host's resolver is down.
-- Where no name can be looked up, honest mail looks like spam: it would lie in Junk, or be refused
-- where it is to be forwarded.

local rspamd_logger = require 'rspamd_logger'

rspamd_config:register_symbol({
  name = 'RESOLVER_DOWN',
  type = 'prefilter',
  priority = 9,
  callback = function(task)
    -- What our accounts and the host itself send is not judged, and waits in the queue.
    local address = task:get_from_ip()
    if task:get_user() or not address or tostring(address) == '127.0.0.1' then
      return
    end
    -- Unbound answers for this name by itself (RFC 6761 6.3), so no other server is at fault.
    task:get_resolver():resolve_ns({
      task = task,
      name = 'localhost',
      callback = function(_, _, _, err)
        if err then
          rspamd_logger.errx(task, 'resolver: %s', err)
          task:set_pre_result('soft reject', 'Names cannot be looked up now', 'RESOLVER_DOWN')
        end
      end,
    })
  end,
})
