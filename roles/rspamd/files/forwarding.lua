-- Written by Postwright, role rspamd: what becomes of mail that goes on to other hosts.
-- Whether it does is read from the maps that Postfix expands recipients by.

local rspamd_logger = require 'rspamd_logger'
local rspamd_tcp = require 'rspamd_tcp'

-- PostSRSd, which speaks tcp_table(5).
local SRS = { host = '127.0.0.1', port = 10001, timeout = 5.0 }

local function postfix_map(name)
  return rspamd_config:add_map({
    type = 'map',
    url = 'file:///etc/postfix/' .. name,
    description = 'Postfix: ' .. name,
  })
end

local aliases = postfix_map('virtual_alias_maps')
local mailbox_domains = postfix_map('virtual_mailbox_domains')
local alias_domains = postfix_map('virtual_alias_domains')
-- Domains whose mail waits here while their own hosts are away.
local queued_domains = postfix_map('relay_domains')
local queued_recipients = postfix_map('relay_recipient_maps')

local function is_ours(domain)
  return mailbox_domains:get_key(domain) or alias_domains:get_key(domain)
end

local function without_extension(address)
  return (address:lower():gsub('%+[^@]*@', '@'))
end

local function is_queued(recipient)
  return queued_domains:get_key((recipient.domain or ''):lower())
end

-- virtual(5): the whole address, without its extension, then its domain. Preflight refuses loops;
-- an address that stands for itself is a mailbox.
local function leaves(address)
  address = without_extension(address)
  local user, domain = address:match('^(.*)@([^@]*)$')
  -- A bounce of what was forwarded goes on to whoever sent it.
  if not domain or not is_ours(domain) or user:find('^srs[01][=+-]') then
    return true
  end
  local targets = aliases:get_key(address) or aliases:get_key('@' .. domain) or ''
  for target in targets:gmatch('[^%s,]+') do
    if target ~= address and leaves(target) then
      return true
    end
  end
  return false
end

local function any_leaves(task)
  for _, recipient in ipairs(task:get_recipients('smtp') or {}) do
    -- What waits here for its own host goes there as it came.
    if not is_queued(recipient) and leaves(recipient.addr) then
      return true
    end
  end
  return false
end

-- Of what waits here, its own host forwards some: what that would refuse is refused now.
local function any_leaves_there(task)
  for _, recipient in ipairs(task:get_recipients('smtp') or {}) do
    if is_queued(recipient) then
      local found = queued_recipients:get_key(without_extension(recipient.addr))
          or queued_recipients:get_key('@' .. recipient.domain:lower())
      if found == 'leaves' then
        return true
      end
    end
  end
  return false
end

-- Sender Rewriting Scheme: the next host asks SPF about the envelope sender, which is to be ours.
local function rewrite_sender(task, sender)
  local function answered(err, data)
    local code, text = tostring(data or ''):match('^(%d%d%d) ([^\r\n]*)')
    if code == '200' then
      task:set_milter_reply({ change_from = text })
    elseif err or code ~= '500' then
      rspamd_logger.errx(task, 'PostSRSd: %s', err or text)
      task:set_pre_result('soft reject', 'Forwarding is not possible now', 'FORWARDING')
    end
  end
  local key = sender:gsub('[%%%s%c\128-\255]', function(char)
    return string.format('%%%02x', char:byte())
  end)
  rspamd_tcp.request({
    task = task,
    host = SRS.host,
    port = SRS.port,
    timeout = SRS.timeout,
    data = 'get ' .. key .. '\n',
    stop_pattern = '\n',
    callback = answered,
  })
end

rspamd_config:register_symbol({
  name = 'FORWARDING',
  type = 'prefilter',
  priority = 8,
  callback = function(task)
    -- Who logged in sends as one of ours (submission_sender); nothing is forwarded.
    if task:get_user() then
      return
    end
    if not any_leaves(task) then
      -- A seal tells the next host what we saw; here is none.
      task:disable_symbol('ARC_SIGNED')
      task:cache_set('forwarded', any_leaves_there(task))
      return
    end
    task:cache_set('forwarded', true)
    local sender = (task:get_from('smtp') or {})[1]
    if sender and (sender.addr or '') ~= '' and not is_ours(sender.domain:lower()) then
      rewrite_sender(task, sender.addr)
    end
    return true, 1.0
  end,
  score = 0.0,
})

-- The next host would refuse it, blame us, and leave a bounce for somebody who never wrote it.
rspamd_config:register_symbol({
  name = 'FORWARDING_REFUSED',
  type = 'postfilter',
  priority = 8,
  callback = function(task)
    if not task:cache_get('forwarded') then
      return
    end
    local action = task:get_metric_action()
    if action == 'add header' or action == 'rewrite subject' then
      task:set_pre_result('reject', 'Spam is not forwarded', 'FORWARDING_REFUSED')
    elseif task:has_symbol('R_SPF_FAIL') then
      task:set_pre_result('reject', 'SPF fails: not forwarded', 'FORWARDING_REFUSED')
    end
  end,
})
