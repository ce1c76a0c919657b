import type { Phrasebook } from './phrase.ts';

// Without á, í, ó and ú, which SMS has no letters for: one of them would more than double what a message costs.

const points = '{{ points | plural: one: "# punto", other: "# puntos" }}';
const comma = '{% if name != "" %}, {{ name }}{% endif %}';

export const es: Phrasebook = {
  greeting: 'Hola{% if name != "" %} {{ name }}{% endif %}:',
  balance: 'Saldo: {{ balance | number }}.',
  optOut: 'Para darte de baja responde STOP.',
  because: 'Recibes este correo porque eres miembro de {{ program }}.',
  unsubscribe: 'Darse de baja',
  phrases: {
    'member.enrolled': {
      subject: 'Te damos la bienvenida a {{ program }}',
      says: `¡Te damos la bienvenida${comma}! Desde ahora sumas puntos.`,
    },
    'points.earned': {
      subject: `${points} para ti`,
      says: `${points} para ti{% if pending %}, {{ pending | number }} de ellos pendientes{% endif %}.`,
      more: '{% if nextExpiryOn %}Valen hasta el {{ nextExpiryOn | date }}.{% endif %}',
    },
    'points.activated': {
      subject: 'Tus puntos ya son tuyos',
      says: '{{ points | plural: one: "Ya puedes usar # punto", other: "Ya puedes usar # puntos" }}.',
    },
    'points.declined': {
      subject: 'Puntos que no llegan',
      says: '{{ points | plural: one: "# punto pendiente no llega", other: "# puntos pendientes no llegan" }}.',
    },
    'points.adjusted': {
      subject: 'Hemos corregido tus puntos',
      says: '{% if points > 0 %}Ajuste: {{ points | plural: one: "# punto", other: "# puntos" }} para ti.{% else %}Ajuste: {{ points | abs | plural: one: "# punto", other: "# puntos" }} menos.{% endif %}',
    },
    'points.gifted': {
      subject: '{% if direction == "sent" %}Tu regalo va en camino{% else %}Un regalo para ti{% endif %}',
      says: `{% if direction == "sent" %}Has regalado ${points}.{% else %}Te han regalado ${points}.{% endif %}`,
    },
    'points.redeemed': {
      subject: 'Canje de {{ points | plural: one: "# punto", other: "# puntos" }}',
      says: `Canje de ${points}{% if reward != "" %}: {{ reward }}{% endif %}.`,
    },
    'points.reversed': {
      subject: 'Un pedido devuelto',
      says: `Un pedido fue devuelto:{% if points > 0 %} pierdes ${points}{% if returned > 0 %} y{% endif %}{% endif %}{% if returned > 0 %} recuperas {{ returned | plural: one: "# punto", other: "# puntos" }}{% endif %}.`,
    },
    'member.inactive': {
      subject: 'Te echamos de menos',
      says: 'Hace tiempo que no te vemos.{% if balance > 0 %} Te {{ balance | plural: one: "espera # punto", other: "esperan # puntos" }}.{% endif %}',
    },
    'points.expiring': {
      subject: 'Tus puntos caducan pronto',
      says: '{{ points | plural: one: "# de tus puntos caduca", other: "# de tus puntos caducan" }} {% if on == through %}el {{ on | date }}{% else %}del {{ on | date }} al {{ through | date }}{% endif %}.',
      more: 'Hasta entonces valen.',
    },
    'points.expired': {
      subject: 'Puntos caducados',
      says: '{{ points | plural: one: "Ha caducado # punto", other: "Han caducado # puntos" }}.',
    },
    'milestone.reached': {
      subject: 'Una cifra redonda',
      says: '{% case of %}{% when "visits" %}Tu visita {{ count | number }}. ¡Gracias por venir!{% when "purchases" %}Tu compra {{ count | number }}. ¡Gracias!{% else %}{{ count | number }} puntos reunidos. ¡Bravo!{% endcase %}',
    },
    birthday: {
      subject: 'Feliz cumpleaños',
      says: `¡Feliz cumpleaños${comma}!{% if points > 0 %} ${points} de parte de todo el equipo.{% endif %}`,
    },
    anniversary: {
      subject: '{{ years | plural: one: "Un año", other: "# años" }} juntos',
      says: `{{ years | plural: one: "Un año", other: "# años" }} juntos, ¡gracias!{% if points > 0 %} ${points} para ti.{% endif %}`,
    },
    'statement.ready': {
      subject: 'Tu resumen de {{ period | date: "long" }} en {{ program }}',
      says: 'Resumen de {{ period | date: "long" }}: {{ earned | number }} puntos ganados, {{ redeemed | number }} canjeados, {{ expired | number }} caducados. Saldo: {{ closingBalance | number }}.{% if nextExpiryOn %} De ellos, {{ nextExpiryPoints | number }} valen hasta el {{ nextExpiryOn | date }}.{% endif %}',
    },
    'reward.unlocked': {
      subject: 'A tu alcance: {{ reward }}',
      says: 'Tus puntos ya alcanzan para: {{ reward }}.',
    },
    'reward.redeemed': {
      subject: 'Para ti: {{ reward }}',
      says: `Para ti: {{ reward }}. Canje de ${points}.`,
    },
    'tier.changed': {
      subject: 'Tu nuevo nivel: {{ tier }}',
      says: 'Tu nuevo nivel: {{ tier }}.{% if raised %} ¡Enhorabuena!{% endif %}',
    },
    'referral.completed': {
      subject: 'Gracias por traer a alguien',
      says: `¡Gracias por traer a alguien!{% if points > 0 %} ${points} para ti.{% endif %}`,
    },
    'referral.reversed': {
      subject: 'Un pedido recomendado fue devuelto',
      says: `Un pedido que recomendaste fue devuelto: pierdes ${points}.`,
    },
    'dispute.opened': {
      subject: 'Estamos en ello',
      says: 'Nos has dicho que algo no cuadra. Estamos en ello.',
    },
    'dispute.closed': {
      subject: 'Lo hemos revisado',
      says: '{% case outcome %}{% when "upheld" %}Lo hemos revisado: estabas en lo cierto.{% when "withdrawn" %}Nos has dicho que todo vuelve a estar bien. ¡Gracias!{% else %}Lo hemos revisado y nuestras cuentas cuadran. Si tienes dudas, escribe o llama.{% endcase %}',
    },
  },
  replies: {
    'reply.points':
      'tienes {{ balance | plural: one: "# punto", other: "# puntos" }}.{% if pending > 0 %} En camino: {{ pending | number }}.{% endif %}{% if held > 0 %} Reservados: {{ held | number }}.{% endif %}{% if expiringOn %} Valen hasta el {{ expiringOn | date }}: {{ expiringPoints | number }}.{% endif %}',
    'reply.rewards':
      '{% for one in rewards %}{% if forloop.first %}por tus puntos:\n{% endif %}{{ one.number }} {{ one.name }} ({{ one.cost | number }})\n{% if forloop.last %}Escribe CANJEAR y la cifra.{% endif %}{% else %}nada a tu alcance por ahora.{% endfor %}{% if more > 0 %} {{ more | plural: one: "Otro espera", other: "Otros # esperan" }} en el mostrador.{% endif %}{% if nextReward %} Luego: {{ nextReward }}, {{ nextMissing | plural: one: "te falta # punto", other: "te faltan # puntos" }}.{% endif %}',
    'reply.asked':
      '¿{{ reward }} por {{ cost | plural: one: "# punto", other: "# puntos" }}{% if cash %} y {{ cash | money }}{% endif %}? Responde {{ number }} antes de {{ minutes }} minutos.',
    'reply.given':
      '{{ reward }} es para ti: {{ code }}{% if validThrough %}, vale hasta el {{ validThrough | date }}{% endif %}. Saldo: {{ balance | plural: one: "# punto", other: "# puntos" }}.',
    'reply.aside': '{{ reward }} te espera hasta el {{ until | time }}. Di esto en el mostrador: {{ redemptionId }}',
    'reply.refused':
      '{% case because %}{% when "unknown-reward", "wrong-step" %}no existe ese premio. Escribe PREMIOS para verlos.{% when "points-buy-rewards-only" %}los puntos son para premios. Escribe PREMIOS para verlos.{% when "not-available-yet" %}ese premio no se puede pedir por ahora.{% when "no-longer-available" %}ese premio ya no se puede pedir.{% when "tier-too-low" %}ese premio es para socios de un nivel superior.{% when "limit-reached" %}ya has tenido tantos como hay para cada socio.{% when "out-of-stock" %}ya no queda ninguno.{% else %}{% if missing %}{{ missing | plural: one: "te falta # punto", other: "te faltan # puntos" }}.{% else %}no tienes puntos suficientes.{% endif %}{% endcase %}',
    'reply.not-the-number': 'esa no es la cifra que pedimos.',
    'reply.too-late': 'esa cifra ya no vale. Escribe CANJEAR otra vez.',
    'reply.not-as-asked': 'ahora tiene otro precio. Escribe CANJEAR otra vez.',
    'reply.help':
      'escribe PUNTOS para tu saldo, PREMIOS para ver los premios, CANJEAR y una cifra para tener uno. STOP para no recibir nada.',
    'reply.started': 'qué bien que vuelvas. Desde ahora te escribiremos otra vez.',
    'reply.linked': 'este chat ya es parte de tu cuenta. Escribe PUNTOS para tu saldo.',
    'reply.no-such-code': 'esa clave no vale. Pide una nueva.',
    'reply.linked-elsewhere': 'este chat ya es de otra cuenta. Pregunta en el mostrador.',
  },
};
