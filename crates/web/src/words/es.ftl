# Palabras para los pacientes. Español sencillo y cortés (usted), de EE. UU.

language-name = Español
skip-to-content = Ir al contenido
choose-language = Idioma
call-us = Llámenos: { $phone }
private-page = Esta página es solo para usted. No comparta el enlace, por favor.
weekday = { $day ->
    [1] lunes
    [2] martes
    [3] miércoles
    [4] jueves
    [5] viernes
    [6] sábado
   *[7] domingo
}
month = { $month ->
    [1] enero
    [2] febrero
    [3] marzo
    [4] abril
    [5] mayo
    [6] junio
    [7] julio
    [8] agosto
    [9] septiembre
    [10] octubre
    [11] noviembre
   *[12] diciembre
}
date = { $weekday } { $day } de { $month }
clock = { $hour }:{ $minute } { $half ->
    [am] a. m.
   *[pm] p. m.
}
at-time = { $date }, { $time }
minutes = { $minutes ->
    [one] { $minutes } minuto
   *[other] { $minutes } minutos
}

check-title = ¿Es usted?
check-lede = Para proteger su visita, escriba su fecha de nacimiento, por favor.
check-legend = Fecha de nacimiento
check-month = Mes
check-choose = Elija
check-day = Día
check-year = Año
check-go = Continuar
check-wrong = { $left ->
    [one] No es la fecha que tenemos. Puede probar una vez más.
   *[other] No es la fecha que tenemos. Puede probar { $left } veces más.
}
check-unknown = No podemos comprobar aquí su fecha de nacimiento. Llámenos, por favor, y le ayudaremos enseguida.
check-incomplete = Escriba el mes, el día y el año, por favor.
check-locked = Demasiados intentos. Por su seguridad hoy no preguntamos más. Siempre puede llamarnos o intentarlo mañana.

hello = Hola, { $name }
visit-next = Esta es su próxima visita.
visit-today = Su visita es hoy.
visit-confirm = Sí, voy a ir
visit-move = Cambiar la hora
visit-cannot = No puedo ir
visit-calendar = Añadir a mi calendario
visit-directions = Cómo llegar
visit-with = con { $clinician }
visit-confirmed = Su visita está confirmada. ¡Le esperamos!
visit-move-asked = Recibimos su deseo de otra hora. Le escribiremos o llamaremos pronto. Hasta entonces esta visita sigue en pie.
visit-cancelled = Esta visita está cancelada. Gracias por avisarnos.
visit-cancelled-next = Le contactaremos para buscar otra hora, o puede llamarnos.
visit-past = Esta visita ya pasó. Gracias por venir.
visit-moved = Su visita tiene una nueva hora. Aquí está.
visit-none = No tiene ninguna visita programada.
visit-none-next = Llámenos y buscaremos una hora que le convenga.
visit-changed-mind = ¿Cambiaron sus planes?

move-title = ¿Otra hora?
move-lede = Hasta que encontremos otra hora, su visita sigue en pie: { $when }
move-how = Buscaremos horas que le convengan y le escribiremos o llamaremos.
move-send = Sí, búsquenme otra hora
wish-legend = ¿Cuándo le conviene más?
wish-day = Día
wish-day-wrong = Elija un día a partir de hoy, dentro de un año, por favor.
wish-part = Momento del día
wish-any = A cualquier hora
wish-morning = Por la mañana
wish-afternoon = Por la tarde
wish-evening = Al final de la tarde
wish-note = ¿Algo más que debamos saber?
wish-note-hint = Lo leemos en horas de atención. En una emergencia llame al 911.
wish-note-long = Es demasiado largo para esta página. Acórtelo o llámenos, por favor.
back = Volver

cancel-title = ¿Cancelar esta visita?
cancel-lede = { $when }
cancel-again = ¿Le buscamos otra hora?
cancel-again-yes = Sí, por favor
cancel-again-no = Por ahora no
cancel-again-hint = Le escribiremos o llamaremos con otras horas.
cancel-yes = Sí, cancelar la visita
cancel-no = Mantener la visita

preferences-title = Nuestros mensajes
preferences-lede = Elija de qué quiere saber y cómo.
preferences-link = Ajustes de mensajes
preferences-by-text = Por mensaje de texto
preferences-by-text-to = a { $address }
preferences-by-mail = Por correo electrónico
preferences-what = Qué
preferences-how = Cómo
preferences-save = Guardar
preferences-saved = Guardado.
preferences-stop-title = Parar todo
preferences-stop-lede = No recibirá más mensajes ni correos nuestros, ni siquiera recordatorios. Puede pedirnos por teléfono que empecemos de nuevo.
preferences-stop = Parar todos los mensajes
preferences-stopped = No recibirá más mensajes nuestros.
purpose-care = Mis visitas
purpose-care-hint = Recordatorios y cambios
purpose-other = Ejercicios y ofertas
purpose-other-hint = Horas más tempranas, consejos, preguntas breves
purpose-financial = Pagos
purpose-financial-hint = Saldos y recibos
purpose-feedback = Opiniones
purpose-feedback-hint = Cómo lo hacemos
purpose-marketing = Novedades
purpose-marketing-hint = Clases y eventos; pocas veces

expired-title = Este enlace ha caducado
expired-lede = Por su seguridad los enlaces sirven solo unos días.
expired-renew = Enviarme un nuevo enlace
expired-renew-hint = Va al teléfono o correo al que fue el anterior.
expired-sent = Un nuevo enlace está en camino.
expired-stop = ¿No quiere más mensajes? Para eso este enlace todavía sirve.
stop-title = ¿Parar estos mensajes?
stop-lede = No recibirá más mensajes de { $practice } en esta dirección.

error-back = Volver al inicio
error-back-patient = Volver a mi visita
error-not-found = No encontramos esta página
error-not-found-lede = Quizá la dirección está mal escrita o la página ya no existe. Vuelva al inicio y búsquela desde allí.
error-not-found-patient = Abra otra vez el enlace de nuestro último mensaje o correo. Si sigue llegando aquí, llame a su clínica, por favor.
error-busy-staff = Si olvidó su contraseña, pida a un administrador un enlace para entrar.
error-forbidden = No puede abrir esta página
error-forbidden-lede = Su función no la incluye. Vuelva al inicio o pida ayuda a un administrador si la necesita.
error-broken = Algo falló de nuestro lado
error-broken-lede = No se perdió nada de lo que había guardado. Pruebe de nuevo; si sigue igual, díganos este número:
error-busy = Demasiados intentos
error-busy-lede = { $seconds ->
    [one] Espere un segundo, vuelva atrás y pruebe otra vez, por favor.
   *[other] Espere { $seconds } segundos, vuelva atrás y pruebe otra vez, por favor.
}
error-invalid = Algo en el formulario no es correcto
error-invalid-lede = No se ha guardado nada. Vuelva atrás, corríjalo y envíelo otra vez.
error-stale = Eso ya no corresponde
error-stale-lede = Alguien se adelantó o ha cambiado entretanto. No se hizo nada; vuelva a cargar la página para ver cómo está.
error-forgery = Este formulario ha caducado
error-forgery-lede = Vuelva atrás, cargue la página de nuevo y envíelo otra vez, por favor.
