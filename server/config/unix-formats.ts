// Formats of Unix sockets: where one stands, and who may connect to it.
import { posix } from 'node:path'
import { UNIX_PATH_MAX } from '../lib/socket-address.ts'
import { type Decoded, type Format, no } from './format.ts'

/**
 * What a gateway has in its data folder, as names tell in whatever folder and by whatever links to it.
 * Whoever connects to where it takes commands, or its TURN relay clients, is the gateway's own user there: a
 * rule that led to one would make an admin of each client. And SQLite opens no database beside which a socket
 * stands in place of a journal: nobody could sign in any more.
 */
const GATEWAYS_OWN = /\/(?:(?:control|turn)-[0-9a-f]{16}(?:-[0-9]+)?\.sock|state\.(?:db|key)[^/]*)$/
const OURS = 'that is for a gateway itself, which takes commands or keeps its data there: name another socket'
const ABSTRACT = 'names that begin with "@" are no files, and anybody may take them: write a path'

/** What stands behind `unix:`, which `before` begins with. */
export function decodeUnix(path: string, before: string): Decoded {
  const text = `${before}${path}`
  if (path.startsWith('@')) return no(UNIX_BIND, ABSTRACT)
  if (Buffer.byteLength(path) > UNIX_PATH_MAX)
    return no(`a path of at most ${UNIX_PATH_MAX} bytes: the system takes no longer one for a socket`)
  if (/^~(?:\/|$)/.test(path))
    return no(UNIX_BIND, 'write the path of the folder in place of "~", or ${HOME}')
  if (/[\x00-\x1f\x7f]/.test(path)) return no(UNIX_BIND)
  const whole = path.startsWith('//') ? posix.normalize(path.slice(1)) : posix.normalize(path)
  if (!path.startsWith('/')) return no(UNIX_BIND, 'write the whole path, from "/" on')
  if (path.endsWith('/')) return no(UNIX_BIND, 'a folder is none')
  if (GATEWAYS_OWN.test(path)) return no(UNIX_BIND, OURS)
  return whole === path ? { value: text } : no(UNIX_BIND, null, [`${before}${whole}`])
}
const UNIX_BIND = '"address:port" or the path of a Unix socket, such as "unix:/run/sluice/web.sock"'

export const fileMode: Format = {
  decode: (text) =>
    /^0?[0-7]{3}$/.test(text)
      ? { value: text }
      : no('a mode of three octal digits, such as "0660"', null, [text.replace(/^0?o/, '0')]),
  mendsOfNumber: (number) => [String(number).padStart(4, '0')],
}

export const group: Format = {
  decode: (text) =>
    /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$|^[0-9]{1,10}$/.test(text)
      ? { value: text }
      : no('the name or number of a group, such as "www-data"'),
  takesNumbers: true,
}
