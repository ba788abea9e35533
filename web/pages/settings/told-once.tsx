// A secret that is shown this once: what it is, the button that copies it, and what to do with it.
import type { ComponentChildren } from 'preact'
import { Button } from '../../parts/button.tsx'
import { Note } from '../../parts/messages.tsx'
import { Code } from '../../parts/words.tsx'
import css from './settings.module.css'

export interface ToldOnceProps {
  readonly title: string
  readonly secret: string
  readonly children: ComponentChildren
  readonly onDone: () => void
}

export function ToldOnce({ title, secret, children, onDone }: ToldOnceProps) {
  return (
    <div class={css.told}>
      <Note state="up" title={title} isUrgent>
        {children}
      </Note>
      <Code text={secret} isCopied />
      <div class="row">
        <Button kind="ink" onPress={onDone}>
          I have it
        </Button>
      </div>
    </div>
  )
}
