-- Written by Postwright, role dovecot: which password opens an account.
--
-- An app password (role credentials) or the account's own. Both are judged here, so that a wrong one
-- costs one run of argon2id; and what was right is cached as a fast hash in the auth process's memory,
-- where a passwd-file would cache the argon2id hash and compute it each time.
-- Dovecot manual, "Lua Authentication Database".

local ACCOUNTS = "/etc/dovecot/users"
local APP_PASSWORDS = "/var/lib/postwright/app-passwords/passwords"
local USED = "/var/lib/postwright/app-passwords/used/"
local LOCKED_OUT = "/var/lib/postwright/locked-out/accounts" -- role limits
local MOVING = "/etc/dovecot/moving" -- who moves, from the inventory
local MOVED = "/var/lib/postwright/moving/accounts" -- how far they have got (role moving)
-- What the host at the other end of a move takes a login for: its port, and how TLS begins there.
local THERE = {
  imap = { "993", "ssl" },
  pop3 = { "995", "ssl" },
  sieve = { "4190", "starttls" },
  lmtp = { "24", "ssl" },
}
local HOUR = 3600 -- seconds

-- Return the fields of each line of a file that begins with `first`; none where there is no file.
local function lines_of(path, first, separator)
  local found = {}
  local file = io.open(path)
  if file then
    local start = first .. separator
    for line in file:lines() do
      if line:sub(1, #start) == start then
        local fields = {}
        for field in (line .. separator):gmatch("([^" .. separator .. "]*)" .. separator) do
          fields[#fields + 1] = field
        end
        found[#found + 1] = fields
      end
    end
    file:close()
  end
  return found
end

-- Note when an app password was used, once an hour at most.
local function note(id)
  local file = io.open(USED .. id)
  local last = file and file:read("n") or 0
  if file then
    file:close()
  end
  if os.time() - last >= HOUR then
    file = io.open(USED .. id, "w")
    if file then
      file:write(os.time())
      file:close()
    end
  end
end

-- Return the app password that was given, or nil. Its secret has 32 signs of base32 (RFC 4648 6);
-- nothing else is looked up.
local function app_password(request, password)
  local secret = password:gsub("[%s-]", ""):upper()
  if #secret ~= 32 or secret:find("[^A-Z2-7]") then
    return nil
  end
  local service = request.protocol or request.service
  for _, fields in ipairs(lines_of(APP_PASSWORDS, request.user, "\t")) do
    local id, name, protocols, hash = fields[2], fields[3], fields[5], fields[6]
    if ("," .. protocols .. ","):find("," .. service .. ",", 1, true)
        and request:password_verify(hash, secret) == 1 then
      return { id = id, name = name }
    end
  end
  return nil
end

-- Return what a login or delivery is told of an account that moves between two hosts: go on here, go
-- on there, or come again, while its last messages are on their way. Submissions need no mailbox.
local function led(request, fields)
  local moving = lines_of(MOVING, request.user, "\t")[1]
  local service = THERE[request.protocol or request.service]
  if not moving or not service then
    return dovecot.auth.PASSDB_RESULT_OK, fields
  end
  local moved = lines_of(MOVED, request.user, "\t")[1]
  local place = moved and moved[2] or moving[2]
  if place == "held" or place == "given" then
    return dovecot.auth.PASSDB_RESULT_INTERNAL_FAILURE, "it is being moved"
  end
  if place == "there" then
    fields.proxy, fields.host, fields.hostip = "y", moving[3], moving[4]
    fields.port, fields[service[2]] = service[1], "yes"
  end
  return dovecot.auth.PASSDB_RESULT_OK, fields
end

-- Return what a right password opens: nothing while the account is locked out. Who has a wrong one
-- does not learn of that, and is banned as ever.
local function opened(request)
  if lines_of(LOCKED_OUT, request.user, "\t")[1] then
    return dovecot.auth.PASSDB_RESULT_USER_DISABLED, ""
  end
  return led(request, {})
end

function auth_password_verify(request, password)
  local account = lines_of(ACCOUNTS, request.user, ":")[1]
  if not account then
    return dovecot.auth.PASSDB_RESULT_USER_UNKNOWN, ""
  end
  local found = app_password(request, password)
  if found then
    note(found.id)
    request:log_info("app password '" .. found.name .. "'")
    return opened(request)
  end
  if account[2] ~= "" and request:password_verify(account[2], password) == 1 then
    return opened(request)
  end
  return dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH, ""
end

-- LMTP asks where an account is. Nothing is opened by it; the password, which no login can have, keeps a
-- cached answer from ever being one for any.
function auth_passdb_lookup(request)
  if not lines_of(ACCOUNTS, request.user, ":")[1] then
    return dovecot.auth.PASSDB_RESULT_USER_UNKNOWN, ""
  end
  return led(request, { password = "{CRYPT}*" })
end

-- 2.4 asks for this; 2.3 has it as an argument. An app password may be good for one protocol alone.
function auth_passdb_get_cache_key()
  return "%{user}%{protocol}"
end
