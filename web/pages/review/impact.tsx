// Whom it touches. Warnings do not block.
import { impactLines, sentence, type Tried } from '../../data/reviewing.ts'
import { Panel } from '../../parts/panel.tsx'
import { Shape } from '../../parts/status.tsx'
import css from './review.module.css'

export function ImpactPanel({ tried }: { readonly tried: Tried }) {
  const impact = tried.impact ?? null
  const lines = impact === null ? [] : impactLines(impact, tried.replay)
  return (
    <Panel title="Impact" isFlush>
      <ul class={css.impact}>
        {lines
          .filter(({ isCalm }) => !isCalm)
          .map(({ text }) => (
            <li key={text}>
              <Shape state="warn" label="To know:" />
              <span>{text}</span>
            </li>
          ))}
        {tried.warnings.map((text) => (
          <li key={text}>
            <Shape state="warn" label="Warning:" />
            <span>{sentence(bare(text))}</span>
          </li>
        ))}
        {lines
          .filter(({ isCalm }) => isCalm)
          .map(({ text }) => (
            <li key={text}>
              <Shape state="up" />
              <span>{text}</span>
            </li>
          ))}
      </ul>
    </Panel>
  )
}

/** `/etc/sluice.yaml:13:3 backends.api: warning: found …` without the file, which is known. */
const bare = (text: string): string =>
  text.replace(
    /^\S*?:(\d+):\d+ (.*?): warning: /,
    (_, line: string, path: string) => `Line ${line}, ${path}: `,
  )
