// What was read from a text of servers, before it is taken: each server, and each line that is none.
import css from './pasted-list.module.css'
import { Shape } from './status.tsx'

export interface PastedListProps {
  readonly servers: readonly {
    readonly url: string
    readonly name?: string
    readonly weight?: number
    readonly max_connections?: number
    readonly backup?: boolean
  }[]
  readonly odd: readonly { readonly line: number; readonly text: string; readonly why: string }[]
}

/** Rows shown; the others are counted. */
const SHOWN = 8

export function PastedList({ servers, odd }: PastedListProps) {
  if (servers.length + odd.length === 0) return null
  return (
    <ul class={css.list} aria-label="What was read">
      {odd.map(({ line, text, why }) => (
        <li key={`${line} ${text}`} class={css.odd}>
          <Shape state="down" size={10} />
          <span>
            Line {line}: <code>{text}</code> {why}
          </span>
        </li>
      ))}
      {servers.slice(0, SHOWN).map(({ url, name, weight, max_connections: most, backup }) => (
        <li key={`${url} ${name}`}>
          <Shape state="draft" size={10} />
          <code>{url}</code>
          {name !== undefined && <span>{name}</span>}
          {weight !== undefined && <span>weight {weight}</span>}
          {most !== undefined && <span>at most {most} connections</span>}
          {backup === true && <span>backup</span>}
        </li>
      ))}
      {servers.length > SHOWN && <li>and {servers.length - SHOWN} more</li>}
    </ul>
  )
}
