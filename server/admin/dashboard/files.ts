// A file of the dashboard, whatever it comes from, and the answer that has it.
import { type Choice, chooseCoding } from '../../head/accept-encoding.ts'

/** In the order in which we prefer them. */
const CODINGS = ['br', 'gzip'] as const
export type Coding = (typeof CODINGS)[number]

/** Bytes of one coding. */
export interface Variant {
  /** Strong: of these very bytes. */
  readonly etag: string
  readonly body: Blob | Uint8Array<ArrayBuffer>
}

export interface DashboardFile {
  /** Content type. */
  readonly type: string
  readonly identity: Variant
  readonly br?: Variant
  readonly gzip?: Variant
}

/** Where files of the dashboard come from. */
export interface DashboardFiles {
  /** By path below `/_admin/`, as `assets/main-1a2b.js`; null: there is none. */
  find(path: string): Promise<DashboardFile | null>
}

/** Names under it have a hash of their content: what was read once is good forever. */
export const HASHED = 'assets/'

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

/** What a page of the gateway may do in a browser: nothing that it does not need. */
const GUARDS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'Permissions-Policy':
    'camera=(), microphone=(), geolocation=(), display-capture=(), payment=(), usb=(), serial=(), hid=(), midi=()',
}

/** The file in the coding that suits who asks; 304 where they have it. */
export function fileAnswer({ headers }: Request, file: DashboardFile, isHashed: boolean): Response {
  const { coding }: Choice<Coding> = chooseCoding(
    headers.get('accept-encoding'),
    CODINGS.filter((one) => file[one] !== undefined),
  )
  const { etag, body } = (coding === null ? null : file[coding]) ?? file.identity
  const common = {
    ...GUARDS,
    'Cache-Control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    ETag: etag,
    Vary: 'Accept-Encoding',
  }
  if (isNamed(etag, headers.get('if-none-match'))) return new Response(null, { status: 304, headers: common })
  return new Response(body, {
    headers: {
      ...common,
      'Content-Type': file.type,
      ...(coding !== null && { 'Content-Encoding': coding }),
    },
  })
}

/** By the weak comparison (RFC 9110 §13.1.2): a cache between may have weakened what it passes on. */
function isNamed(etag: string, field: string | null): boolean {
  if (field === null) return false
  return field.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag)
}
