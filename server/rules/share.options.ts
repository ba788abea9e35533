import { Type } from '@sinclair/typebox'

/** A token, as names of fields and cookies are. */
const NAME = "[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}"

/** What decides who is in a share: share.ts reads it. */
export const ShareBy = (description: string) =>
  Type.String({
    pattern: `^(?:random|client_ip|(?:header|cookie) ${NAME})$`,
    allowed: 'random, client_ip, "header NAME" or "cookie NAME"',
    said: { client: 'write client_ip', ip: 'write client_ip' },
    description,
  })

/** The same, or a cookie of the gateway's own. */
export const SplitBy = (description: string) =>
  Type.String({
    default: 'random',
    pattern: `^(?:random|client_ip|cookie|(?:header|cookie) ${NAME})$`,
    allowed: 'random, client_ip, cookie (one of its own), "header NAME" or "cookie NAME"',
    said: { client: 'write client_ip', ip: 'write client_ip', sticky: 'write cookie' },
    description,
  })
