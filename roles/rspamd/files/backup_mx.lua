-- Written by Postwright, role rspamd: what other mail hosts took while this one was away.
-- Called with their names by address. Whoever sent it is long gone when it comes here: the message is
-- judged as if they stood at this door, and is not refused, or a host of ours would write to somebody
-- who may never have sent anything.

local rspamd_ip = require 'rspamd_ip'
local rspamd_logger = require 'rspamd_logger'

-- What refuses a message whatever its score is, of the same rules that the other host asked before.
local REFUSING = { 'DMARC_POLICY_REJECT', 'PROGRAM_ATTACHED' }

local function is_among(names, name)
  for _, each in ipairs(names) do
    if each == (name or ''):lower() then
      return true
    end
  end
  return false
end

-- The topmost line is the other host's own, and says who stood at its door. What its accounts
-- submitted (ESMTPSA), wrote itself (no `from`) or forwarded (in its own name, SRS) comes from itself.
local function who_came(task, names)
  local sender = (task:get_from('smtp') or {})[1]
  if sender and is_among(names, sender.domain) then
    return nil
  end
  local top = (task:get_header_full('Received') or {})[1]
  local line = top and (top.decoded or top.value or ''):gsub('%s+', ' ') or ''
  local helo, name, address = line:match('^ ?from (%S+) %((%S+) %[([^%]]+)%]%)')
  local by, protocol = line:match(' by (%S+) %(Postfix%) with (E?SMTPS?A?) ')
  if not address or not by or not is_among(names, by) or protocol:find('A$') then
    return nil
  end
  local ip = rspamd_ip.from_string((address:gsub('^IPv6:', '')))
  if not ip or not ip:is_valid() or ip:is_local() then
    return nil
  end
  -- Rspamd's own way to say that an address has no name.
  return { ip = ip, name = name == 'unknown' and ('[' .. address .. ']') or name, helo = helo }
end

return function(hosts)
  local function handed_on_by(task)
    local address = task:get_from_ip()
    return not task:get_user() and address and hosts[tostring(address)]
  end

  rspamd_config:register_symbol({
    name = 'BACKUP_MX',
    type = 'prefilter',
    -- Before all who ask for the address.
    priority = 11,
    callback = function(task)
      local names = handed_on_by(task)
      if not names then
        return
      end
      task:cache_set('handed_on', true)
      task:disable_action('reject')
      local stranger = who_came(task, names)
      if stranger then
        rspamd_logger.infox(task, '%s took it from %s (%s)', names[1], stranger.ip, stranger.helo)
        task:set_from_ip(stranger.ip)
        task:set_hostname(stranger.name)
        task:set_helo(stranger.helo)
      end
      return true, 1.0, names[1]
    end,
    score = 0.0,
  })

  rspamd_config:register_symbol({
    name = 'BACKUP_MX_TOOK_IT',
    type = 'postfilter',
    priority = 9,
    -- A verdict before all others are in, as on an attachment, would leave this one out.
    flags = 'ignore_passthrough',
    callback = function(task)
      if not task:cache_get('handed_on') then
        return
      end
      if task:has_symbol('VIRUS') then
        -- RFC 5321 6.2: what is hostile beyond doubt may be dropped in silence.
        rspamd_logger.infox(task, 'a virus, which its backup MX has taken: dropped')
        task:set_pre_result({ action = 'discard', module = 'BACKUP_MX', priority = 100 })
        return
      end
      for _, symbol in ipairs(REFUSING) do
        if task:has_symbol(symbol) then
          task:set_pre_result({ action = 'add header', module = 'BACKUP_MX', priority = 100 })
        end
      end
    end,
    score = 0.0,
  })
end
