import { Type } from '@sinclair/typebox'
import { Words } from './kinds.ts'

/** The name of a cookie. */
export const CookieName = <const O extends { description: string; default?: string }>(options: O) =>
  Type.String({
    minLength: 1,
    maxLength: 128,
    pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
    allowed: 'the name of a cookie: letters, digits, "_" and "-"',
    ...options,
  })

/** Of a cookie that the gateway sets, beside its name and its time. */
export const CookieOptions = {
  path: Type.String({
    default: '/',
    maxLength: 1024,
    pattern: '^/[!-:<-~]*$',
    allowed: 'a path that begins with "/", without blanks and ";"',
    description: 'Path of the cookie.',
  }),
  domain: Type.Optional(
    Type.String({
      maxLength: 253,
      pattern:
        '^\\.?[0-9A-Za-z](?:[0-9A-Za-z-]*[0-9A-Za-z])?(?:\\.[0-9A-Za-z](?:[0-9A-Za-z-]*[0-9A-Za-z])?)+$',
      allowed: 'a domain, such as example.org',
      description: 'Domain of the cookie; left out: the very host that was asked.',
    }),
  ),
  secure: Type.Optional(
    Type.Boolean({
      description:
        'Whether browsers send it by https alone. Left out: as the client came, so always where it came by https.',
    }),
  ),
  http_only: Type.Boolean({ default: true, description: 'Scripts of the page do not see it.' }),
  same_site: Words(['strict', 'lax', 'none'], {
    default: 'lax',
    description:
      'Whether browsers send it with requests that other sites cause. none needs secure: true, as browsers drop such a cookie otherwise.',
  }),
}
