import { Type, type Static } from '@sinclair/typebox'
import { FieldName, FieldValue, MapOf } from '../lib/kinds.ts'

const Edits = Type.Object(
  {
    set: MapOf('field-name', FieldValue({ description: 'Value.' }), 'Replace the field, or add it.'),
    add: MapOf(
      'field-name',
      FieldValue({ description: 'Value.' }),
      'Add the field beside others of its name.',
    ),
    remove: Type.Array(FieldName({ description: 'Name.' }), {
      default: [],
      description: 'Remove all fields of these names.',
    }),
  },
  { default: {}, description: 'In this order: remove, set, add.' },
)

export const HeadersOptions = Type.Object(
  { request: Edits, response: Edits },
  { description: 'Sets, adds and removes header fields on the way to the server and on the way back.' },
)
export type HeadersConfig = Static<typeof HeadersOptions>
