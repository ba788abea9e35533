// Whether the file, what is served and what waits to be confirmed agree.
import { type TSchema, Type } from '@sinclair/typebox'
import { whyUnread } from '../config/why-unread.ts'
import { hashOf } from '../control/change/file-part.ts'
import { isReadOnly } from '../control/overview/file-on-disk.ts'
import type { ControlFacts } from '../control/facts.ts'
import type { Principal } from '../control/store/principal.ts'
import { hashFor } from '../control/store/tag-key.ts'
import { readBounded } from '../lib/read-bounded.ts'

/** No config file is larger. */
export const TEXT_BYTES_MAX = 16 * 1024 * 1024

const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
const Hash = nullable(
  Type.String({ description: 'SHA-256 of the text; to those who may not read it another.' }),
)
/** What stands against a text. */
export const FINDING = Type.Object({
  path: Type.String({ description: 'Within the config.' }),
  message: Type.String(),
  file: Type.Optional(Type.String()),
  line: Type.Optional(Type.Integer()),
  column: Type.Optional(Type.Integer()),
  code: Type.Optional(Type.String()),
  hint: Type.Optional(nullable(Type.String())),
})

/** How the document looks. */
export const CONFIG_STATUS = Type.Object(
  {
    running: nullable(
      Type.Object({
        revision: Type.Integer(),
        hash: Hash,
        from: Type.String({ description: 'file, api, rollback or discovery.' }),
        by: nullable(Type.String()),
      }),
    ),
    disk: Type.Object({
      file: Type.String(),
      hash: Hash,
      state: Type.Union(['in_sync', 'differs', 'rejected', 'unreadable'].map((word) => Type.Literal(word))),
      why: nullable(Type.String({ description: 'Why it cannot be read: "no file of this name".' })),
      is_read_only: Type.Boolean(),
      errors: Type.Array(FINDING),
    }),
    rejected: nullable(Type.Object({}, { additionalProperties: true })),
    pending_confirm: nullable(
      Type.Object({ until: Type.String({ description: 'When it is taken back unless it is confirmed.' }) }),
    ),
  },
  { title: 'ConfigStatus' },
)

type StatusFacts = Pick<ControlFacts, 'gateway' | 'health'>

/** The document of /api/v1/config/status. */
export function configStatus({ gateway, health }: StatusFacts, who: Pick<Principal, 'role'>): object {
  const served = gateway.served()
  const { rejected = null, unconfirmed = null } = health().config ?? {}
  const disk = textOnDisk(gateway.file)
  const isSame = served !== null && disk?.hash === served.edition.hash
  const shown = (hash: string): string | null =>
    served === null ? null : hashFor(who, { hash, config: served.edition.config })
  const state = disk === null ? 'unreadable' : isSame ? 'in_sync' : rejected === null ? 'differs' : 'rejected'
  const running = served && {
    revision: served.revision,
    ...{ hash: shown(served.edition.hash), from: served.edition.from, by: served.edition.by },
  }
  const errors = rejected === null || isSame ? [] : rejected.problems
  return {
    running,
    disk: {
      ...{ file: gateway.file, hash: disk && shown(disk.hash), state },
      why: disk === null ? whyNoText(gateway.file) : null,
      ...{ is_read_only: isReadOnly(gateway.file), errors },
    },
    rejected,
    pending_confirm: unconfirmed === null ? null : { until: unconfirmed },
  }
}

/** The file as it is now, with its byte order mark where it has one; null: it cannot be read. */
export function textOnDisk(file: string): { readonly text: string; readonly hash: string } | null {
  try {
    const bytes = readBounded(file, TEXT_BYTES_MAX)
    return { text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes), hash: hashOf(bytes) }
  } catch {
    return null
  }
}

/** Null: it can be read by now. */
function whyNoText(file: string): string | null {
  try {
    readBounded(file, TEXT_BYTES_MAX)
    return null
  } catch (error) {
    return whyUnread(error)
  }
}
