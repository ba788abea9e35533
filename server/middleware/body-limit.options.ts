import { Type, type Static } from '@sinclair/typebox'
import { Size } from '../lib/kinds.ts'
import { ModeOption } from './mode.options.ts'

export const BodyLimitOptions = Type.Object(
  {
    mode: ModeOption,
    size: Size({ description: 'Largest request body of this rule; beyond it 413.' }),
  },
  { description: "Replaces the listener's limit on request bodies." },
)
export type BodyLimitConfig = Static<typeof BodyLimitOptions>
