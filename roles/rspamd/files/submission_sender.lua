-- Written by Postwright, role rspamd.
-- A submission's header From belongs to the login, by the map that Postfix asks for the envelope
-- sender. Postfix skips its check for the null sender: that is allowed for a disposition
-- notification (RFC 8098) of the user's own, and for nothing else.

local rspamd_logger = require 'rspamd_logger'

local senders = rspamd_config:add_map({
  type = 'map',
  url = 'file:///etc/postfix/smtpd_sender_login_maps',
  description = 'who may send as which address',
})

local function may_send_as(login, address)
  local plain = address:lower():gsub('%+[^@]*@', '@')
  local logins = senders:get_key(plain)
  if not logins then
    return false
  end
  for owner in logins:gmatch('[^%s,]+') do
    if owner == login then
      return true
    end
  end
  return false
end

local function is_disposition_notification(task)
  local top = task:get_header('Content-Type') or ''
  top = top:lower()
  return top:find('^%s*multipart/report') ~= nil
      and top:find('report%-type%s*=%s*"?disposition%-notification') ~= nil
end

rspamd_config:register_symbol({
  name = 'SUBMISSION_SENDER',
  type = 'prefilter',
  priority = 9,
  callback = function(task)
    local login = task:get_user()
    if not login then
      return
    end
    login = login:lower()

    local from = task:get_from('mime') or {}
    local owned = #from > 0
    for _, author in ipairs(from) do
      owned = owned and author.addr ~= nil and may_send_as(login, author.addr)
    end

    local envelope = task:get_from('smtp')
    local null_sender = not envelope or not envelope[1] or (envelope[1].addr or '') == ''

    if not owned then
      rspamd_logger.infox(task, 'refused %s: header From is not their own', login)
      task:set_pre_result('reject', 'The From header is not an address of ' .. login,
          'SUBMISSION_SENDER')
    elseif null_sender and not is_disposition_notification(task) then
      rspamd_logger.infox(task, 'refused %s: null sender', login)
      task:set_pre_result('reject', 'The null sender is for notifications only',
          'SUBMISSION_SENDER')
    end
  end,
})
