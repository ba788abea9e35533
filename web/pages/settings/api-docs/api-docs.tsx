// The API's documents, of this gateway: what there is, what each path takes and answers, and a way to try it
// as who is signed in.
import { useLocation } from 'preact-iso/router'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { useHeld } from '../../../data/held.ts'
import { number } from '../../../data/say.ts'
import { API_BASE, queryOf, to } from '../../../data/urls.ts'
import { Button } from '../../../parts/button.tsx'
import { FilterBox } from '../../../parts/choices.tsx'
import { classes } from '../../../parts/classes.ts'
import { Empty, Loading } from '../../../parts/empty.tsx'
import { Panel } from '../../../parts/panel.tsx'
import { Unread } from '../use-doing.tsx'
import css from './api-docs.module.css'
import { OperationPart } from './operation.tsx'
import { found, type OpenApi, type Operation, operationsOf } from './openapi.ts'

export function ApiDocs() {
  const { query, route } = useLocation()
  const { value, problem } = useHeld('GET /api/v1/openapi.json', {}).value
  const document = value as OpenApi | null
  const operations = useMemo(() => (document === null ? [] : operationsOf(document)), [document])
  if (document === null)
    return (
      <Panel title="Paths">{problem === null ? <Loading lines={8} /> : <Unread problem={problem} />}</Panel>
    )
  const filter = query['filter'] ?? ''
  const open = operations.find(({ id }) => id === query['op'])
  const hrefOf = (op: string | undefined, text = filter): string =>
    to(`/settings/api${queryOf({ filter: text === '' ? undefined : text, op })}`)
  const groups = found(operations, filter)
  const count = [...groups.values()].reduce((sum, { length }) => sum + length, 0)
  return (
    <div class={classes(css.docs, open !== undefined && css.isOpen)}>
      <Panel
        isFlush
        class={css.list}
        title="Paths"
        count={filter === '' ? number(count) : `${number(count)} of ${number(operations.length)}`}
        end={
          <Button size="sm" icon="download" href={`${API_BASE}api/v1/openapi.json`}>
            openapi.json
          </Button>
        }
      >
        <div class={css.filter}>
          <FilterBox
            value={filter}
            hint="path, method or what it does"
            onInput={(next) => route(hrefOf(query['op'], next), true)}
          />
        </div>
        {count === 0 && <Empty title={`No path has “${filter}”`} />}
        <nav aria-label="Paths of the API" class={css.scroll}>
          {[...groups].map(([tag, some]) => (
            <section key={tag}>
              <h3 class={css.tag}>{tag}</h3>
              {some.map((one) => (
                <Line key={one.id} operation={one} href={hrefOf(one.id)} isOpen={one === open} />
              ))}
            </section>
          ))}
        </nav>
      </Panel>
      {open === undefined ? (
        <Panel class={css.one}>
          <Empty title="Choose a path">
            Programs ask with <code>Authorization: Bearer</code> and a token; here the API is tried as you, by
            your sign-in. Changes are tried dry: nothing is changed.
          </Empty>
        </Panel>
      ) : (
        <OperationPart key={open.id} document={document} operation={open} backHref={hrefOf(undefined)} />
      )}
    </div>
  )
}

interface LineProps {
  readonly operation: Operation
  readonly href: string
  readonly isOpen: boolean
}

function Line({ operation: { method, path, summary }, href, isOpen }: LineProps) {
  const line = useRef<HTMLAnchorElement>(null)
  useEffect(() => {
    if (isOpen) line.current?.scrollIntoView({ block: 'nearest' })
  }, [])
  return (
    <a ref={line} class={css.line} href={href} aria-current={isOpen ? 'true' : undefined}>
      <span class={css.method}>{method}</span>
      <span class={css.path}>
        <code>{path.replace(/^\/api\/v1/, '') || path}</code>
        <span class={css.summary}>{summary}</span>
      </span>
    </a>
  )
}
