/** The worker of a page: hosts the engine. */
import makeGlue from '#glue'
import { serve } from './host.js'
import { portOf } from './ports.js'

serve(portOf(self as never), makeGlue)
