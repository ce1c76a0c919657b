import type { Phrasebook } from './phrase.ts';

const points = '{{ points | plural: one: "# point", other: "# points" }}';
const comma = '{% if name != "" %}, {{ name }}{% endif %}';

export const en: Phrasebook = {
  greeting: 'Hello{% if name != "" %} {{ name }}{% endif %},',
  balance: 'Balance: {{ balance | number }}.',
  optOut: 'Reply STOP to opt out.',
  because: 'You receive this e-mail as a member of {{ program }}.',
  unsubscribe: 'Unsubscribe',
  phrases: {
    'member.enrolled': {
      subject: 'Welcome to {{ program }}',
      says: `Welcome${comma}! From now on you collect points.`,
    },
    'points.earned': {
      subject: `${points} for you`,
      says: `${points} for you{% if pending %}, {{ pending | number }} of them later{% endif %}.`,
      more: '{% if nextExpiryOn %}They are good until {{ nextExpiryOn | date }}.{% endif %}',
    },
    'points.activated': {
      subject: 'Your points are ready',
      says: '{{ points | plural: one: "# point has become yours", other: "# points have become yours" }} to spend.',
    },
    'points.declined': {
      subject: 'Points that are not coming',
      says: '{{ points | plural: one: "# point that was", other: "# points that were" }} waiting for you will not come.',
    },
    'points.adjusted': {
      subject: 'Your points were corrected',
      says: '{% if points > 0 %}A correction: {{ points | plural: one: "# point", other: "# points" }} for you.{% else %}A correction: {{ points | abs | plural: one: "# point", other: "# points" }} taken back.{% endif %}',
    },
    'points.gifted': {
      subject: '{% if direction == "sent" %}Your gift is on its way{% else %}A gift for you{% endif %}',
      says: `{% if direction == "sent" %}You gave away ${points}.{% else %}You were given ${points}.{% endif %}`,
    },
    'points.redeemed': {
      subject: `${points} redeemed`,
      says: `${points} redeemed{% if reward != "" %}: {{ reward }}{% endif %}.`,
    },
    'points.reversed': {
      subject: 'An order was taken back',
      says: 'An order was taken back:{% if points > 0 %} {{ points | plural: one: "# point goes", other: "# points go" }} with it{% if returned > 0 %},{% endif %}{% endif %}{% if returned > 0 %} {{ returned | plural: one: "# point comes", other: "# points come" }} back to you{% endif %}.',
    },
    'member.inactive': {
      subject: 'We miss you',
      says: 'We have not seen you for {{ days | plural: one: "# day", other: "# days" }}.{% if balance > 0 %} {{ balance | plural: one: "# point is", other: "# points are" }} waiting for you.{% endif %}',
    },
    'points.expiring': {
      subject: 'Your points expire soon',
      says: '{{ points | plural: one: "# of your points expires", other: "# of your points expire" }} {% if on == through %}on {{ on | date }}{% else %}from {{ on | date }} to {{ through | date }}{% endif %}.',
      more: 'They are good until then.',
    },
    'points.expired': {
      subject: 'Points have expired',
      says: '{{ points | plural: one: "# point has", other: "# points have" }} expired.',
    },
    'milestone.reached': {
      subject: 'A milestone',
      says: '{% case of %}{% when "visits" %}Your visit number {{ count | number }}. How good that you come!{% when "purchases" %}Your purchase number {{ count | number }}. Thank you!{% else %}{{ count | number }} points collected. Chapeau!{% endcase %}',
    },
    birthday: {
      subject: 'Happy birthday',
      says: `Happy birthday${comma}!{% if points > 0 %} ${points} from all of us.{% endif %}`,
    },
    anniversary: {
      subject: '{{ years | plural: one: "A year", other: "# years" }} with us',
      says: `{{ years | plural: one: "A year", other: "# years" }} with us, thank you!{% if points > 0 %} ${points} for you.{% endif %}`,
    },
    'statement.ready': {
      subject: 'Your {{ period | date: "long" }} at {{ program }}',
      says: '{{ period | date: "long" }}: {{ earned | number }} points earned, {{ redeemed | number }} redeemed, {{ expired | number }} expired. Balance: {{ closingBalance | number }}.{% if nextExpiryOn %} {{ nextExpiryPoints | number }} of them are good until {{ nextExpiryOn | date }}.{% endif %}',
    },
    'reward.unlocked': {
      subject: 'Within your reach: {{ reward }}',
      says: 'Your points are enough for: {{ reward }}.',
    },
    'reward.redeemed': {
      subject: 'For you: {{ reward }}',
      says: `For you: {{ reward }}. ${points} redeemed.`,
    },
    'tier.changed': {
      subject: 'You are now: {{ tier }}',
      says: 'You are now: {{ tier }}.{% if raised %} Congratulations!{% endif %}',
    },
    'referral.completed': {
      subject: 'Thank you for bringing a friend',
      says: `Thank you for bringing a friend!{% if points > 0 %} ${points} for you.{% endif %}`,
    },
    'referral.reversed': {
      subject: 'A friend has taken an order back',
      says: 'A friend has taken an order back: {{ points | plural: one: "# point goes", other: "# points go" }} with it.',
    },
    'dispute.opened': {
      subject: 'We are looking into it',
      says: 'You told us that something is wrong. We are looking into it.',
    },
    'dispute.closed': {
      subject: 'We have looked into it',
      says: '{% case outcome %}{% when "upheld" %}We have looked into it: you are right.{% when "withdrawn" %}You said that all is well again. Thank you!{% else %}We have looked into it, and our books are right. Ask us if you have questions.{% endcase %}',
    },
  },
  replies: {
    'reply.points':
      'you have {{ balance | plural: one: "# point", other: "# points" }}.{% if pending > 0 %} On their way: {{ pending | number }}.{% endif %}{% if held > 0 %} Put aside: {{ held | number }}.{% endif %}{% if expiringOn %} Good until {{ expiringOn | date }}: {{ expiringPoints | number }}.{% endif %}',
    'reply.rewards':
      '{% for one in rewards %}{% if forloop.first %}yours for points:\n{% endif %}{{ one.number }} {{ one.name }} ({{ one.cost | number }})\n{% if forloop.last %}Write REDEEM and the number.{% endif %}{% else %}nothing is in reach yet.{% endfor %}{% if more > 0 %} {{ more | number }} more at the counter.{% endif %}{% if nextReward %} Next: {{ nextReward }}, {{ nextMissing | plural: one: "# point", other: "# points" }} to go.{% endif %}',
    'reply.asked':
      '{{ reward }} for {{ cost | plural: one: "# point", other: "# points" }}{% if cash %} and {{ cash | money }}{% endif %}? Reply {{ number }} within {{ minutes }} minutes.',
    'reply.given':
      '{{ reward }} is yours: {{ code }}{% if validThrough %}, good until {{ validThrough | date }}{% endif %}. You have {{ balance | plural: one: "# point", other: "# points" }} left.',
    'reply.aside':
      '{{ reward }} is put aside for you until {{ until | time }}. Say this at the counter: {{ redemptionId }}',
    'reply.refused':
      '{% case because %}{% when "unknown-reward", "wrong-step" %}there is no such reward. Write REWARDS to see them.{% when "points-buy-rewards-only" %}points are for rewards. Write REWARDS to see them.{% when "not-available-yet" %}that one is not available yet.{% when "no-longer-available" %}that one is not available any more.{% when "tier-too-low" %}that one is for members of a higher tier.{% when "limit-reached" %}you have had as many of that as there are for each member.{% when "out-of-stock" %}that one is gone.{% else %}{% if missing %}for that you need {{ missing | plural: one: "# point", other: "# points" }} more.{% else %}you do not have enough points for that.{% endif %}{% endcase %}',
    'reply.not-the-number': 'that is not the number that we asked for.',
    'reply.too-late': 'that number is not good any more. Write REDEEM again.',
    'reply.not-as-asked': 'this has another price by now. Write REDEEM again.',
    'reply.help':
      'write POINTS for your balance, REWARDS for what you can have, REDEEM and a number to have it. STOP ends messages.',
    'reply.started': 'good to have you back. We will write to you here again.',
    'reply.linked': 'this chat belongs to your membership now. Write POINTS for your balance.',
    'reply.no-such-code': 'that code is not good. Ask for a new one.',
    'reply.linked-elsewhere': 'this chat belongs to another membership already. Ask at the counter.',
  },
};
