// Where the dashboard begins.
import { render } from 'preact'
import { App } from './shell/app.tsx'
import { PAGES } from './routes.tsx'
import './styles/tokens.css'
import './styles/base.css'

const place = document.getElementById('app')
if (place !== null) render(<App pages={PAGES} />, place)
