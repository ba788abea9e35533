// A backend as it stands in the file, with its place, and as it takes effect.
import { useEffect, useState } from 'preact/hooks'
import { ask } from '../../data/api.ts'
import { can } from '../../data/session.ts'
import { to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Loading } from '../../parts/empty.tsx'
import { Note } from '../../parts/messages.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Code, Copy } from '../../parts/words.tsx'
import type { BackendResource } from './backend-fields.ts'
import css from './config-panels.module.css'

export function YamlTab({ resource }: { readonly resource: BackendResource }) {
  const { place, etag } = resource
  const lines = useLines(etag, place.line, place.end_line)
  const isEditor = can('edit')
  return (
    <div class={css.halves}>
      <Panel
        isFlush
        title={place.file.split('/').at(-1) ?? ''}
        count={`lines ${place.line}–${place.end_line}`}
        end={
          <>
            {Array.isArray(lines) && <Copy text={lines.join('\n')} label="these lines" />}
            <Button size="sm" href={to(`/config?line=${place.line}`)}>
              Open in the editor
            </Button>
          </>
        }
      >
        {!isEditor ? (
          <Written value={resource.configured} />
        ) : lines === null ? (
          <Loading />
        ) : typeof lines === 'string' ? (
          <Note state="down" title="The file cannot be shown">
            {lines}
          </Note>
        ) : (
          <ol class={css.lines} tabIndex={0} aria-label={`Lines of ${place.file}`}>
            {lines.map((line, at) => (
              <li key={at}>
                <span aria-hidden="true">{place.line + at}</span>
                <code>{line === '' ? ' ' : line}</code>
              </li>
            ))}
          </ol>
        )}
      </Panel>
      <Panel title="As it takes effect" count="with every default">
        <Code text={JSON.stringify(resource.effective, null, 2)} isCopied />
      </Panel>
    </div>
  )
}

/** Those who are no editors never see the text, which may hold secrets. */
function Written({ value }: { readonly value: unknown }) {
  return (
    <div class="stack">
      <Code text={JSON.stringify(value, null, 2)} isBlock />
    </div>
  )
}

/** Lines of what is served; a text: why they cannot be had; null: they have not come yet. */
function useLines(etag: string, first: number, last: number): readonly string[] | string | null {
  const [lines, setLines] = useState<readonly string[] | string | null>(null)
  useEffect(() => {
    if (!can('edit')) return
    let isGone = false
    void ask('GET /api/v1/config', {}, { query: { view: 'running' }, accept: 'text/plain' }).then(
      (answer) => {
        if (isGone) return
        if (!answer.ok) setLines(answer.problem.detail)
        else
          setLines(
            String(answer.value)
              .split('\n')
              .slice(first - 1, last),
          )
      },
    )
    return () => {
      isGone = true
    }
  }, [etag, first, last])
  return lines
}
