import type { Phrasebook } from './phrase.ts';

// Without ê, ç and their like, which SMS has no letters for: one of them would more than double what a message costs.
// For the same reason a day is written in figures: "août" is such a word.

const points = '{{ points | plural: one: "# point", other: "# points" }}';
const comma = '{% if name != "" %}, {{ name }}{% endif %}';

export const fr: Phrasebook = {
  greeting: 'Bonjour{% if name != "" %} {{ name }}{% endif %},',
  balance: 'Solde : {{ balance | number }}.',
  optOut: 'Pour vous désinscrire : STOP.',
  because: 'Vous recevez cet e-mail comme membre de {{ program }}.',
  unsubscribe: 'Se désinscrire',
  phrases: {
    'member.enrolled': {
      subject: 'Bienvenue chez {{ program }}',
      says: `Bienvenue${comma} ! Vous cumulez maintenant des points.`,
    },
    'points.earned': {
      subject: `${points} pour vous`,
      says: `${points} pour vous{% if pending %}, dont {{ pending | number }} plus tard{% endif %}.`,
      more: '{% if nextExpiryOn %}Valables jusqu’au {{ nextExpiryOn | date }}.{% endif %}',
    },
    'points.activated': {
      subject: 'Vos points sont à vous',
      says: '{{ points | plural: one: "# point est maintenant à vous", other: "# points sont maintenant à vous" }}.',
    },
    'points.declined': {
      subject: 'Des points qui ne viendront pas',
      says: '{{ points | plural: one: "# point en attente ne viendra pas", other: "# points en attente ne viendront pas" }}.',
    },
    'points.adjusted': {
      subject: 'Vos points ont été corrigés',
      says: '{% if points > 0 %}Une correction : {{ points | plural: one: "# point", other: "# points" }} pour vous.{% else %}Une correction : {{ points | abs | plural: one: "# point", other: "# points" }} en moins.{% endif %}',
    },
    'points.gifted': {
      subject: '{% if direction == "sent" %}Votre cadeau est en route{% else %}Un cadeau pour vous{% endif %}',
      says: `{% if direction == "sent" %}Vous avez offert ${points}.{% else %}On vous a offert ${points}.{% endif %}`,
    },
    'points.redeemed': {
      subject: '{{ points | plural: one: "# point utilisé", other: "# points utilisés" }}',
      says: '{{ points | plural: one: "# point utilisé", other: "# points utilisés" }}{% if reward != "" %} : {{ reward }}{% endif %}.',
    },
    'points.reversed': {
      subject: 'Une commande annulée',
      says: `Une commande a été annulée :{% if points > 0 %} ${points} en moins{% if returned > 0 %},{% endif %}{% endif %}{% if returned > 0 %} {{ returned | plural: one: "# point rendu", other: "# points rendus" }}{% endif %}.`,
    },
    'member.inactive': {
      subject: 'Vous nous manquez',
      says: 'Vous nous manquez depuis {{ days | plural: one: "# jour", other: "# jours" }}.{% if balance > 0 %} {{ balance | plural: one: "# point vous attend", other: "# points vous attendent" }}.{% endif %}',
    },
    'points.expiring': {
      subject: 'Vos points expirent bientôt',
      says: '{{ points | plural: one: "# de vos points expire", other: "# de vos points expirent" }} {% if on == through %}le {{ on | date: "short" }}{% else %}du {{ on | date: "short" }} au {{ through | date: "short" }}{% endif %}.',
      more: 'Ils sont valables jusque-là.',
    },
    'points.expired': {
      subject: 'Des points ont expiré',
      says: '{{ points | plural: one: "# point a expiré", other: "# points ont expiré" }}.',
    },
    'milestone.reached': {
      subject: 'Un cap est franchi',
      says: '{% case of %}{% when "visits" %}Votre visite {{ count | number }}. Merci de venir !{% when "purchases" %}Votre achat {{ count | number }}. Merci !{% else %}{{ count | number }} points cumulés. Chapeau !{% endcase %}',
    },
    birthday: {
      subject: 'Joyeux anniversaire',
      says: `Joyeux anniversaire${comma} !{% if points > 0 %} ${points} de notre part à tous.{% endif %}`,
    },
    anniversary: {
      subject: '{{ years | plural: one: "Un an", other: "# ans" }} avec nous',
      says: `{{ years | plural: one: "Un an", other: "# ans" }} avec nous, merci !{% if points > 0 %} ${points} pour vous.{% endif %}`,
    },
    'statement.ready': {
      subject: 'Votre relevé de {{ period | date: "long" }} chez {{ program }}',
      says: 'Relevé {{ period | date: "short" }} : {{ earned | number }} points gagnés, {{ redeemed | number }} utilisés, {{ expired | number }} expirés. Solde : {{ closingBalance | number }}.{% if nextExpiryOn %} Dont {{ nextExpiryPoints | number }} valables jusqu\'au {{ nextExpiryOn | date: "short" }}.{% endif %}',
    },
    'reward.unlocked': {
      subject: 'À votre portée : {{ reward }}',
      says: 'Vos points suffisent pour : {{ reward }}.',
    },
    'reward.redeemed': {
      subject: 'Pour vous : {{ reward }}',
      says: 'Pour vous : {{ reward }}. {{ points | plural: one: "# point utilisé", other: "# points utilisés" }}.',
    },
    'tier.changed': {
      subject: 'Votre nouveau statut : {{ tier }}',
      says: 'Votre nouveau statut : {{ tier }}.{% if raised %} Bravo !{% endif %}',
    },
    'referral.completed': {
      subject: 'Merci pour votre parrainage',
      says: `Merci pour votre parrainage !{% if points > 0 %} ${points} pour vous.{% endif %}`,
    },
    'referral.reversed': {
      subject: 'Une commande parrainée est annulée',
      says: `Une commande que vous aviez parrainée est annulée : ${points} en moins.`,
    },
    'dispute.opened': {
      subject: 'Nous regardons cela',
      says: 'Vous nous signalez une erreur. Nous regardons cela de près.',
    },
    'dispute.closed': {
      subject: 'Nous avons vérifié',
      says: '{% case outcome %}{% when "upheld" %}Nous avons vérifié : vous avez raison.{% when "withdrawn" %}Vous nous dites que tout est en ordre. Merci !{% else %}Nous avons vérifié : nos comptes sont justes. Une question ? Demandez-nous.{% endcase %}',
    },
  },
  replies: {
    'reply.points':
      'vous avez {{ balance | plural: one: "# point", other: "# points" }}.{% if pending > 0 %} En attente : {{ pending | number }}.{% endif %}{% if held > 0 %} Réservés : {{ held | number }}.{% endif %}{% if expiringOn %} Valables jusqu’au {{ expiringOn | date: "short" }} : {{ expiringPoints | number }}.{% endif %}',
    'reply.rewards':
      '{% for one in rewards %}{% if forloop.first %}pour vos points :\n{% endif %}{{ one.number }} {{ one.name }} ({{ one.cost | number }})\n{% if forloop.last %}Écrivez ECHANGER et le numéro.{% endif %}{% else %}rien n’est encore à votre portée.{% endfor %}{% if more > 0 %} {{ more | number }} de plus au comptoir.{% endif %}{% if nextReward %} Ensuite : {{ nextReward }}, il vous manque {{ nextMissing | plural: one: "# point", other: "# points" }}.{% endif %}',
    'reply.asked':
      '{{ reward }} pour {{ cost | plural: one: "# point", other: "# points" }}{% if cash %} et {{ cash | money }}{% endif %} ? Répondez {{ number }} dans les {{ minutes }} minutes.',
    'reply.given':
      '{{ reward }} est à vous : {{ code }}{% if validThrough %}, valable jusqu’au {{ validThrough | date: "short" }}{% endif %}. Il vous reste {{ balance | plural: one: "# point", other: "# points" }}.',
    'reply.aside':
      '{{ reward }} vous attend jusqu’au {{ until | time: "short" }}. Dites ceci au comptoir : {{ redemptionId }}',
    'reply.refused':
      '{% case because %}{% when "unknown-reward", "wrong-step" %}ce cadeau n’existe pas. Écrivez CADEAUX pour les voir.{% when "points-buy-rewards-only" %}les points sont pour des cadeaux. Écrivez CADEAUX pour les voir.{% when "not-available-yet" %}ce n’est pas encore disponible.{% when "no-longer-available" %}ce n’est plus disponible.{% when "tier-too-low" %}c’est pour les membres d’un niveau supérieur.{% when "limit-reached" %}vous en avez eu autant qu’il y en a pour chaque membre.{% when "out-of-stock" %}il n’y en a plus.{% else %}{% if missing %}il vous manque {{ missing | plural: one: "# point", other: "# points" }}.{% else %}vous n’avez pas assez de points.{% endif %}{% endcase %}',
    'reply.not-the-number': 'ce n’est pas le numéro demandé.',
    'reply.too-late': 'ce numéro n’est plus valable. Écrivez ECHANGER de nouveau.',
    'reply.not-as-asked': 'le prix a changé. Écrivez ECHANGER de nouveau.',
    'reply.help':
      'écrivez POINTS pour votre solde, CADEAUX pour les voir, ECHANGER et un numéro pour en avoir un. STOP pour ne plus recevoir de messages.',
    'reply.started': 'ravis de vous revoir. Nous vous écrirons de nouveau ici.',
    'reply.linked': 'cette conversation fait partie de votre compte. Écrivez POINTS pour votre solde.',
    'reply.no-such-code': 'ce code n’est pas valable. Demandez-en un nouveau.',
    'reply.linked-elsewhere': 'cette conversation appartient déjà à un autre compte. Demandez au comptoir.',
  },
};
